/** Goal: what is wrong is said in words with its time, and nothing is said when all is well. */
import { describe, expect, test } from "vitest";
import type { Bar } from "@/state/ticks";
import { NO_BARS, withBars } from "./closed";
import { type Feed, type Feeds, findings } from "./findings";
import { NO_PACE, paced, rateWords } from "./pace";

const WELL: Feeds = {
  at: "2026-03-02T15:00:00Z",
  world_at: "2026-03-02T15:00:00Z",
  feeds: [],
  breakers: [],
  sources: [
    {
      source: "simulated",
      kind: "simulated",
      ticks: 100,
      last_tick_at: "2026-03-02T14:59:59Z",
      symbols: 27,
      quoting: 27,
      left_out: [],
    },
  ],
  market: { ticks: 100, too_late: 0, quotes_conflated: 0, waiting: 0, crossed: [], halted: [] },
  ingest: null,
  gateway: {
    streams: 1,
    users: 1,
    blocked: 0,
    sent: 0,
    sent_bytes: 0,
    missed: 0,
    cut_off: 0,
    refused: 0,
  },
};
const FEED: Feed = {
  name: "massive",
  state: "live",
  stale: false,
  live_since: "2026-03-02T14:00:00Z",
  last_frame_at: "2026-03-02T14:58:00Z",
  last_tick_at: "2026-03-02T14:58:00Z",
  retry_at: null,
  attempts: 1,
  reconnects: 0,
  frames: 1,
  bytes: 1,
  ticks: 1,
  skew_ms: null,
  problems: [],
  symbols: [],
};

describe("findings", () => {
  test("all is well", () => {
    const ready = { ready: true, checks: [{ name: "door", ok: true, detail: "open" }] };
    expect(findings(WELL, ready)).toEqual([]);
  });

  test("the worst comes first, with its time and what it means", () => {
    const found = findings(
      {
        ...WELL,
        breakers: [
          {
            name: "api.x",
            state: "open",
            calls: 9,
            failures: 9,
            refusals: 0,
            openings: 1,
            retry_at: null,
          },
        ],
        feeds: [
          {
            ...FEED,
            state: "waiting",
            problems: [{ kind: "connection", count: 1, last: "reset" }],
          },
        ],
      },
      undefined,
    );
    expect(found.map((one) => one.id)).toEqual(["feed massive", "breaker api.x"]);
    expect(found[0]?.what).toBe("massive is not connected: reset");
    expect(found[0]?.since).toBe(FEED.last_frame_at);
  });

  test("parts, silent sources, clocks, crossed and halted symbols", () => {
    const [source] = WELL.sources;
    const found = findings(
      {
        ...WELL,
        feeds: [{ ...FEED, skew_ms: "-2500" }],
        sources: source
          ? [
              {
                ...source,
                source: "NYSE",
                kind: "sent",
                quoting: 0,
                left_out: [{ reason: "duplicate", count: 101 }],
                last_tick_at: WELL.at,
              },
            ]
          : [],
        world_at: "2026-03-02T15:01:00Z",
        market: { ...WELL.market, crossed: ["A", "B", "C", "D", "E", "F"], halted: ["G"] },
      },
      { ready: false, checks: [{ name: "market", ok: false, detail: "0 of 3" }] },
    );
    expect(found.map((one) => one.what)).toEqual([
      "No symbol has a fresh quote: 0 of 3",
      "The clock of massive is 2.5 s behind",
      "NYSE has fallen silent",
      "Most of what NYSE says is left out: said before",
      "Sources disagree about A, B, C, D, E and 1 more: one's bid is above another's ask",
      "Trading is halted in G",
    ]);
  });
});

test("rates come from two answers, and begin anew with a server that did", () => {
  const first = paced(NO_PACE, 1000, new Map([["a", 10]]));
  expect(first.rates.get("a")).toEqual([]);
  const second = paced(first, 3000, new Map([["a", 30]]));
  expect(second.rates.get("a")).toEqual([10]);
  expect(paced(second, 3000, new Map([["a", 99]]))).toBe(second);
  expect(paced(second, 5000, new Map([["a", 4]])).rates.get("a")).toEqual([]);
  expect([undefined, 0, 0.25, 9.96, 1204.4].map(rateWords)).toEqual([
    "…",
    "0",
    "0.3",
    "10.0",
    "1,204",
  ]);
});

test("a bar closes when the next one begins, and is amended in its place", () => {
  const bar = (start: string, close: string) => ({ symbol: "A", start, close }) as Bar;
  let bars = withBars(NO_BARS, [bar("1", "10"), bar("1", "11")]);
  expect(bars.closed).toEqual([]);
  bars = withBars(bars, [bar("2", "12")]);
  expect(bars.closed).toEqual([bar("1", "11")]);
  bars = withBars(bars, [bar("1", "11.5")]);
  expect(bars.closed).toEqual([bar("1", "11.5")]);
  expect(bars.open.get("A")).toEqual(bar("2", "12"));
  bars = withBars(bars, [{ ...bar("2", "13"), final: true }]);
  expect(bars.closed.map((one) => one.close)).toEqual(["13", "11.5"]);
  expect(bars.open.size).toBe(0);
});
