/** Bars as they close: the stream tells each bar while it is built, and a newer one ends it. Pure. */
import type { Bar } from "@/state/ticks";

export interface Bars {
  /** The bar being built, by symbol. */
  readonly open: ReadonlyMap<string, Bar>;
  /** Those that closed, newest first; an amended one stands in its place. */
  readonly closed: readonly Bar[];
}

export const KEPT = 200;
const same = (a: Bar, b: Bar) => a.symbol === b.symbol && a.start === b.start;

export const NO_BARS: Bars = { open: new Map(), closed: [] };

export function withBars(before: Bars, told: readonly Bar[]): Bars {
  const open = new Map(before.open);
  let closed = [...before.closed];
  for (const bar of told) {
    const last = open.get(bar.symbol);
    const again = closed.findIndex((one) => same(one, bar));
    // Once more complete, amended or final.
    if (again >= 0) closed[again] = bar;
    if (again >= 0 || (last !== undefined && bar.start < last.start)) continue;
    if (last !== undefined && bar.start > last.start) closed.push(last);
    // Where nothing trades any more, the clock ends it.
    if (bar.final) {
      closed.push(bar);
      open.delete(bar.symbol);
    } else {
      open.set(bar.symbol, bar);
    }
  }
  closed.sort((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0));
  closed = closed.slice(0, KEPT);
  return { open, closed };
}
