/** What of the account's own is drawn: where it traded, what it waits for, what it paid on average. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { add, sign, toNumber } from "@/lib/decimal";
import { average, price, quantity } from "@/lib/format";
import { known } from "@/lib/loadable";
import { usePositions } from "@/state/live";
import { orders } from "@/state/queries";
import { type Line, useLines } from "../lines";
import { keyOf, pricesOf, useMoves } from "../moves";
import type { Handle } from "./chips";
import type { Level, Mark } from "./drawing";
import { usePrefs } from "./prefs";
import type { Candle } from "./series";

const NONE: readonly never[] = [];
const ORDERS_MAX = 500;
/** With more than these on it, marks have arrows only. */
const WORDS_MAX = 14;

/** "Bought 300 at 61.20". */
const didOf = (side: "buy" | "sell", qty: string, at: string): string =>
  `${side === "buy" ? "Bought" : "Sold"} ${quantity(qty)} at ${at}`;

interface Traded {
  readonly side: "buy" | "sell";
  readonly at: number;
  readonly qty: string;
  readonly price: string;
}

/** What each bar saw of the account's trades, by the bar's time. */
export function marksOf(
  traded: readonly Traded[],
  candles: readonly Candle[],
): { marks: readonly Mark[]; did: ReadonlyMap<number, string> } {
  const groups = new Map<string, { time: number; all: Traded[] }>();
  for (const one of traded) {
    const bar = candles.findLast((candle) => candle.time <= one.at);
    if (bar === undefined) continue;
    const key = `${bar.time} ${one.side}`;
    const group = groups.get(key) ?? { time: bar.time, all: [] };
    group.all.push(one);
    groups.set(key, group);
  }
  const did = new Map<number, string>();
  const sorted = [...groups.values()].sort((a, b) => a.time - b.time);
  const marks = sorted.map(({ time, all }): Mark => {
    const [first] = all as [Traded];
    const qty = all.reduce((sum, one) => add(sum, one.qty), "0");
    const at = all.length === 1 ? price(first.price) : `${all.length} prices`;
    const said = didOf(first.side, qty, at);
    did.set(time, [did.get(time), said].filter(Boolean).join(" · "));
    const short = `${first.side === "buy" ? "Bought" : "Sold"} ${quantity(qty)}`;
    return { time, side: first.side, text: sorted.length > WORDS_MAX ? "" : short };
  });
  return { marks, did };
}

/** Every order of the symbol that traded, each at the time of its last fill. */
export function useTraded(symbol: string): readonly Traded[] {
  const { data } = useQuery(orders({ symbol, limit: ORDERS_MAX }));
  return useMemo(
    () =>
      data?.flatMap((one) => {
        if (sign(one.filled_qty) === 0 || one.filled_avg_price === null) return [];
        const at = Date.parse(one.filled_at ?? one.updated_at) / 1000;
        return [{ side: one.side, at, qty: one.filled_qty, price: average(one.filled_avg_price) }];
      }) ?? NONE,
    [data],
  );
}

export interface Own {
  readonly handles: readonly Handle[];
  readonly levels: readonly Level[];
  readonly reach: readonly number[];
}

export function useOwn(symbol: string): Own {
  const lines = useLines(symbol) ?? NONE;
  const held = known(usePositions())?.find((one) => one.symbol === symbol);
  const moves = useMoves((all) => all.moves);
  const { orders: showOrders, position, fit } = usePrefs();
  const cost = position ? held?.avg_entry_price : undefined;
  const handles = useMemo(
    () =>
      showOrders
        ? lines.flatMap(({ root, order }: Line) =>
            pricesOf(order).map((one) => ({
              ...one,
              order,
              root: `${root} ${one.which}`,
              key: keyOf(order.id, one.which),
            })),
          )
        : NONE,
    [lines, showOrders],
  );
  const levels = useMemo(() => {
    const found = handles.map(({ key, order, price: at }): Level => {
      const move = moves.get(key);
      const moved = move !== undefined && move.submit.is !== "denied";
      const shown = toNumber(moved ? move.price : at);
      return { id: key, price: shown, look: order.side, pending: moved };
    });
    if (cost !== undefined) {
      found.push({ id: "position", price: toNumber(cost), look: "position", pending: false });
    }
    return found;
  }, [handles, moves, cost]);
  const wanted = fit
    ? handles
        .map((one) => one.price)
        .concat(cost ?? [])
        .join()
    : "";
  const reach = useMemo(() => (wanted === "" ? NONE : wanted.split(",").map(toNumber)), [wanted]);
  return { handles, levels, reach };
}
