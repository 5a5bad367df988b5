/** How fast counts grow: two answers make a rate, many make a line. Pure. */

export interface Pace {
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
  /** A second, oldest first. */
  readonly rates: ReadonlyMap<string, readonly number[]>;
}

export const KEPT = 60;
export const NO_PACE: Pace = { at: 0, counts: new Map(), rates: new Map() };

/** With what was counted at a time, in milliseconds; a count that fell began anew. */
export function paced(before: Pace, at: number, counts: ReadonlyMap<string, number>): Pace {
  if (at <= before.at) return before;
  const rates = new Map<string, readonly number[]>();
  for (const [name, count] of counts) {
    const last = before.counts.get(name);
    const known = before.rates.get(name) ?? [];
    if (last === undefined || count < last) rates.set(name, count < (last ?? 0) ? [] : known);
    else rates.set(name, [...known, ((count - last) * 1000) / (at - before.at)].slice(-KEPT));
  }
  return { at, counts, rates };
}

/** As people read it: 0, 0.5, 27, 1,204. */
export function rateWords(rate: number | undefined): string {
  if (rate === undefined) return "…";
  if (rate === 0 || rate >= 10) return Math.round(rate).toLocaleString("en-US");
  return rate.toFixed(1);
}
