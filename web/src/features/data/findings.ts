/** What is wrong with the data, since when, and what it means for orders: pure, from what was told. */
import type { Schemas } from "@/api/client";
import { words } from "@/lib/format";
import { leftOutWords, problemWords } from "./words";

export type Feeds = Schemas["Feeds"];
export type Feed = Schemas["Feed"];
export type Readiness = Schemas["Readiness"];

export interface Finding {
  /** The same while it is the same thing. */
  readonly id: string;
  readonly kind: "wrong" | "warn";
  readonly what: string;
  /** When it began, where that is known. */
  readonly since: string | null;
  /** For orders, and what to do. */
  readonly means: string;
}

const SILENT_MS = 15_000;
const SKEW_MS = 1_000;
const LEFT_OUT_MIN = 100;
const NAMED = 5;

/** What each part of the server means for orders when it is not well. */
const PARTS: Record<string, { what: string; means: string }> = {
  door: {
    what: "This Stockyard is stopping",
    means: "New orders are refused until it runs again. What was acknowledged is kept.",
  },
  engine: {
    what: "The engine has stopped",
    means:
      "No order is taken. Everything acknowledged is in the journal; whoever runs this Stockyard should look at its log and start it again.",
  },
  journal: {
    what: "The journal cannot keep up",
    means: "Orders are acknowledged late, and refused when its line is full. The disk is busy.",
  },
  projections: {
    what: "Lists and history lag behind",
    means: "Orders are taken and filled; lists show it later. It catches up by itself.",
  },
  market: {
    what: "No symbol has a fresh quote",
    means: "Market orders are denied or wait, as the account's profile says; others stay.",
  },
  feeds: {
    what: "No feed is live",
    means:
      "Symbols that only feeds quote have no fresh price: orders in them wait or are denied. It connects again by itself.",
  },
};

/** The worst first. */
export function findings(data: Feeds, readiness: Readiness | undefined): Finding[] {
  const found = [
    // Feeds tell of themselves.
    ...parts(readiness).filter((one) => one.id !== "part feeds" || data.feeds.length === 0),
    ...data.feeds.flatMap(ofFeed),
    ...data.breakers.flatMap(ofBreaker),
    ...silent(data),
    ...leftOut(data),
    ...market(data),
  ];
  return found.sort((a, b) => Number(b.kind === "wrong") - Number(a.kind === "wrong"));
}

function parts(readiness: Readiness | undefined): Finding[] {
  return (readiness?.checks ?? [])
    .filter((one) => !one.ok)
    .map((one) => {
      const known = PARTS[one.name];
      return {
        id: `part ${one.name}`,
        kind: one.name === "projections" ? "warn" : "wrong",
        what: `${known?.what ?? `${words(one.name)} is not well`}: ${one.detail}`,
        since: null,
        means: known?.means ?? "Orders may be refused.",
      };
    });
}

function ofFeed(feed: Feed): Finding[] {
  const found: Finding[] = [];
  const refused = feed.problems.find((one) => one.kind === "refused");
  const last = feed.problems.find((one) => one.kind === "connection");
  if (feed.state !== "live") {
    const why = refused ?? last;
    const said = why ? `: ${why.last || problemWords(why.kind)}` : "";
    found.push({
      id: `feed ${feed.name}`,
      kind: "wrong",
      what: `${feed.name} is not connected${said}`,
      since: feed.last_frame_at,
      means: `${feed.symbols.length} symbols have no price from it. ${
        refused
          ? "Its credentials are in the settings STOCKYARD_FEED_*."
          : "It is tried again by itself."
      }`,
    });
  } else if (feed.stale) {
    found.push({
      id: `feed ${feed.name}`,
      kind: "warn",
      what: `${feed.name} is connected and says nothing`,
      since: feed.last_frame_at,
      means: "Its prices count no more. Where its market is closed, that is as it should be.",
    });
  } else {
    const stale = feed.symbols.filter((one) => one.stale).map((one) => one.symbol);
    if (stale.length > 0) {
      found.push({
        id: `stale ${feed.name}`,
        kind: "warn",
        what: `${feed.name} says nothing of ${listed(stale)}`,
        since: null,
        means: "Orders there meet other sources' prices, or wait for a quote.",
      });
    }
  }
  const skew = Number(feed.skew_ms ?? "0");
  if (Math.abs(skew) >= SKEW_MS) {
    found.push({
      id: `skew ${feed.name}`,
      kind: "warn",
      what: `The clock of ${feed.name} is ${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? "ahead" : "behind"}`,
      since: null,
      means: "Ticks more than 5 s ahead are left out; late ones amend bars that are over.",
    });
  }
  return found;
}

function ofBreaker(one: Schemas["BreakerSeen"]): Finding[] {
  if (one.state === "closed") return [];
  const open = one.state === "open";
  return [
    {
      id: `breaker ${one.name}`,
      kind: "warn",
      what: open ? `${one.name} is left alone` : `${one.name} is about to be tried again`,
      since: null,
      means: `Its last calls failed, so ${open ? "none is made for half a minute" : "one call may try"}. Orders are not touched: only company data and connecting anew need it.`,
    },
  ];
}

/** Sources that spoke and speak no more; feeds tell of themselves. */
function silent(data: Feeds): Finding[] {
  const now = Date.parse(data.world_at);
  return data.sources
    .filter(
      (one) =>
        one.kind !== "feed" &&
        one.quoting === 0 &&
        one.last_tick_at !== null &&
        now - Date.parse(one.last_tick_at) > SILENT_MS,
    )
    .map((one) => ({
      id: `source ${one.source}`,
      kind: "warn",
      what: `${one.source} has fallen silent`,
      since: one.last_tick_at,
      means: `Its prices of ${one.symbols} ${one.symbols === 1 ? "symbol" : "symbols"} count no more; orders meet the other sources' prices, or wait.`,
    }));
}

/** Sources of which more is left out than counts. */
function leftOut(data: Feeds): Finding[] {
  return data.sources.flatMap((one) => {
    const all = one.left_out.reduce((sum, { count }) => sum + count, 0);
    if (all < LEFT_OUT_MIN || all <= one.ticks) return [];
    const most = one.left_out.reduce((a, b) => (b.count > a.count ? b : a));
    return {
      id: `left out ${one.source}`,
      kind: "warn",
      what: `Most of what ${one.source} says is left out: ${leftOutWords(most.reason)}`,
      since: null,
      means:
        "Orders do not meet those prices. Whoever sends them should look at its clock and data.",
    };
  });
}

function market(data: Feeds): Finding[] {
  const { crossed, halted } = data.market;
  const found: Finding[] = [];
  if (crossed.length > 0) {
    found.push({
      id: "crossed",
      kind: "warn",
      what: `Sources disagree about ${listed(crossed)}: one's bid is above another's ask`,
      since: null,
      means: "Orders meet the quote of whichever source spoke last.",
    });
  }
  if (halted.length > 0) {
    found.push({
      id: "halted",
      kind: "warn",
      what: `Trading is halted in ${listed(halted)}`,
      since: null,
      means: "Nothing fills there; orders wait, or are denied, as the account's profile says.",
    });
  }
  return found;
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, NAMED).join(", ");
  return names.length > NAMED ? `${some} and ${names.length - NAMED} more` : some;
}
