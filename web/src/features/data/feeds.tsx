/** The feeds that are followed: connected or not, since when, what was wrong, and every symbol's age. */
import { age, words } from "@/lib/format";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon, type Icons } from "@/ui/icon";
import { type Column, Table } from "@/ui/table";
import type { Feed } from "./findings";
import type { Health } from "./health";
import { rateWords } from "./pace";
import { problemWords } from "./words";

type Symbol = Feed["symbols"][number];

export function FeedList({ health }: { health: Health }) {
  const { data } = health;
  return (
    <Card title="Feeds" flush>
      {data === undefined ? (
        <Waiting className="mx-4 mb-4 h-24" />
      ) : data.feeds.length === 0 ? (
        <Empty title="No feed is followed">
          Prices are made here or sent to the webhook. STOCKYARD_FEEDS names real markets to follow;
          their health stands here then.
        </Empty>
      ) : (
        <ul>
          {data.feeds.map((one) => (
            <One key={one.name} feed={one} health={health} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function look(feed: Feed): { text: string; icon: Icons; look: string } {
  if (feed.state !== "live")
    return { text: words(feed.state), icon: "warn", look: "bg-down-wash text-down" };
  if (feed.stale) return { text: "silent", icon: "warn", look: "bg-warn-wash text-warn" };
  return { text: "live", icon: "check", look: "bg-up-wash text-up" };
}

function One({ feed, health: { now, pace } }: { feed: Feed; health: Health }) {
  const state = look(feed);
  const since = (at: string | null) => (at === null ? null : age(now - Date.parse(at)));
  const stale = feed.symbols.filter((one) => one.stale).length;
  const skew = feed.skew_ms === null ? null : Math.round(Number(feed.skew_ms));
  const facts = [
    feed.live_since && `live for ${since(feed.live_since)}`,
    feed.retry_at &&
      `tried again in ${age(Math.max(0, Date.parse(feed.retry_at) - now))}, attempt ${feed.attempts + 1}`,
    feed.last_tick_at ? `last tick ${since(feed.last_tick_at)} ago` : "no tick yet",
    `${rateWords(pace.rates.get(`feed ${feed.name}`)?.at(-1))} a second`,
    feed.reconnects > 0 && `connected anew ${times(feed.reconnects)}`,
    skew !== null && `its clock ${Math.abs(skew)} ms ${skew > 0 ? "ahead" : "behind"}`,
  ].filter(Boolean);
  return (
    <li className="border-line/60 border-b px-4 py-3 last:border-b-0">
      <div className="flex items-center gap-2.5">
        <span className="font-medium">{feed.name}</span>
        <span
          className={classes(
            "inline-flex items-center gap-1 rounded-full py-0.5 pr-2.5 pl-1.5 font-medium text-xs",
            state.look,
          )}
        >
          <Icon name={state.icon} className="size-3.5" />
          {state.text}
        </span>
      </div>
      <p className="live mt-1 text-soft">{facts.join(" · ")}</p>
      {feed.problems.length > 0 && (
        <ul className="mt-2 space-y-1">
          {feed.problems.map((one) => (
            <li key={one.kind}>
              <span className="font-medium">
                {words(one.kind)} {times(one.count)}
              </span>
              <span className="text-soft">
                : {problemWords(one.kind)}
                {one.last && ` (last: ${one.last})`}
              </span>
            </li>
          ))}
        </ul>
      )}
      <details className="mt-1">
        <summary className="flex min-h-10 cursor-pointer items-center text-soft hover:text-ink">
          {feed.symbols.length} symbols{stale > 0 && `, ${stale} of them silent`}
        </summary>
        <Table
          label={`Symbols of ${feed.name}`}
          columns={symbolColumns(now)}
          rows={feed.symbols}
          rowKey={(one) => one.symbol}
          rowHeight={36}
          height="16rem"
        />
      </details>
    </li>
  );
}

const times = (count: number) => (count === 1 ? "once" : `${count.toLocaleString("en-US")} times`);

const symbolColumns = (now: number): readonly Column<Symbol>[] => [
  { name: "symbol", head: "Symbol", cell: (one) => one.symbol },
  { name: "theirs", head: "Theirs", wide: true, cell: (one) => one.their_symbol },
  {
    name: "ticks",
    head: "Ticks",
    right: true,
    cell: (one) => <span className="tabular">{one.ticks.toLocaleString("en-US")}</span>,
  },
  {
    name: "age",
    head: "Last",
    right: true,
    cell: (one) => (
      <span className={classes("tabular", one.stale && "text-warn")}>
        {one.last_tick_at ? `${age(now - Date.parse(one.last_tick_at))} ago` : "never"}
        {one.stale && " (silent)"}
      </span>
    ),
  },
];
