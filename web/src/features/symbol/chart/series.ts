/**
 * Bars as a chart draws them: folded to longer ones, with live ones laid over those that were asked
 * for, and what is worked out of them. Prices stay text; averages are floats, as they are only drawn.
 */
import { add, compare, divide, multiply, sign, toNumber } from "@/lib/decimal";
import type { Window } from "@/state/connection";
import type { Bar } from "@/state/ticks";

export type Frame = "1s" | "1m" | "5m" | "15m" | "1h" | "4h" | "1d" | "1w";

export interface Candle {
  /** When it begins, in seconds. */
  readonly time: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly vwap: string | null;
  readonly revision: number;
}

export interface Dot {
  readonly time: number;
  readonly value: number;
}

/** What is asked for and listened to; longer bars are folded of it here. */
export const BASE: Readonly<Record<Frame, Window>> = {
  "1s": "1s",
  "1m": "1m",
  "5m": "5m",
  "15m": "5m",
  "1h": "1h",
  "4h": "1h",
  "1d": "1d",
  "1w": "1d",
};
const SECONDS: Readonly<Record<Frame, number>> = {
  "1s": 1,
  "1m": 60,
  "5m": 300,
  "15m": 900,
  "1h": 3_600,
  "4h": 14_400,
  "1d": 86_400,
  "1w": 604_800,
};
/** The first of January 1970 was a Thursday. */
const MONDAY = 4 * 86_400;

export const isByDay = (frame: Frame): boolean => frame === "1d" || frame === "1w";

/** When the bar begins that a moment belongs to. */
export function begin(time: number, frame: Frame): number {
  const size = SECONDS[frame];
  const from = frame === "1w" ? MONDAY : 0;
  return Math.floor((time - from) / size) * size + from;
}

const seconds = (at: string) => Math.floor(Date.parse(at) / 1000);

/** Null for a bar of odd lots only, which has no prices. */
export function candle(bar: Bar): Candle | null {
  const { open, high, low, close, volume, vwap, revision } = bar;
  if (open === null || high === null || low === null || close === null) return null;
  return { time: seconds(bar.start), open, high, low, close, volume, vwap, revision };
}

interface Day {
  readonly day: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string | null;
  readonly volume: string;
}

/** A day that somebody else told of. */
export function candleOfDay({ day, open, high, low, close, volume }: Day): Candle | null {
  if (open === null || high === null || low === null || close === null) return null;
  const time = seconds(`${day}T00:00:00Z`);
  return { time, open, high, low, close, volume, vwap: null, revision: 0 };
}

/** One bar of several that follow each other. */
export function fold(several: readonly Candle[], time: number): Candle | null {
  const [first] = several;
  const last = several.at(-1);
  if (first === undefined || last === undefined) return null;
  let { high, low } = first;
  let [volume, value] = ["0", "0"];
  for (const one of several) {
    if (compare(one.high, high) > 0) high = one.high;
    if (compare(one.low, low) < 0) low = one.low;
    volume = add(volume, one.volume);
    value = add(value, multiply(one.vwap ?? one.close, one.volume));
  }
  const vwap = sign(volume) === 0 ? null : divide(value, volume, 4);
  const revision = several.reduce((sum, one) => sum + one.revision, 0);
  return { time, open: first.open, high, low, close: last.close, volume, vwap, revision };
}

/** What was asked for, with what came since laid over it. */
export class Bars {
  readonly #frame: Frame;
  readonly #live = new Map<number, Candle>();
  #base: Candle[] = [];
  #folded: readonly Candle[] = [];

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  get candles(): readonly Candle[] {
    return this.#folded;
  }

  /** Takes what was asked for, oldest first, in the place of what was there. */
  reset(base: readonly Candle[]): void {
    this.#base = [...base];
    for (const one of this.#live.values()) place(this.#base, one);
    const groups = new Map<number, Candle[]>();
    for (const one of this.#base) {
      const key = this.#begin(one.time);
      const group = groups.get(key);
      if (group) group.push(one);
      else groups.set(key, [one]);
    }
    this.#folded = [...groups].map(([key, group]) => this.#one(group, key));
  }

  /** Takes one that came by the stream. */
  put(one: Candle): void {
    const before = this.#live.get(one.time);
    if (before !== undefined && before.revision > one.revision) return;
    this.#live.set(one.time, one);
    place(this.#base, one);
    const key = this.#begin(one.time);
    let from = this.#base.length;
    while (from > 0 && this.#begin((this.#base[from - 1] as Candle).time) >= key) from -= 1;
    const group: Candle[] = [];
    for (let at = from; at < this.#base.length; at += 1) {
      const next = this.#base[at] as Candle;
      if (this.#begin(next.time) !== key) break;
      group.push(next);
    }
    const folded = [...this.#folded];
    place(folded, this.#one(group, key));
    this.#folded = folded;
  }

  #begin(time: number): number {
    return BASE[this.#frame] === this.#frame ? time : begin(time, this.#frame);
  }

  #one(group: readonly Candle[], key: number): Candle {
    return group.length === 1 && group[0]?.time === key ? group[0] : (fold(group, key) as Candle);
  }
}

/** Puts one where its time is, unless a later revision stands there. */
function place(all: Candle[], one: Candle): void {
  let at = all.length;
  while (at > 0 && (all[at - 1] as Candle).time >= one.time) at -= 1;
  const there = all[at];
  if (there?.time !== one.time) all.splice(at, 0, one);
  else if (there.revision <= one.revision) all[at] = one;
}

/** The mean of the last `count` closes, from the first bar that has so many. */
export function averages(candles: readonly Candle[], count: number): Dot[] {
  const dots: Dot[] = [];
  const closes: number[] = [];
  let sum = 0;
  for (const one of candles) {
    const close = toNumber(one.close);
    closes.push(close);
    sum += close - (closes[closes.length - 1 - count] ?? 0);
    if (closes.length >= count) dots.push({ time: one.time, value: sum / count });
  }
  return dots;
}

/** The volume-weighted average price since the trading day began. */
export function sessionVwap(
  candles: readonly Candle[],
  dayOf: (time: number) => string,
): (Dot & { readonly begins: boolean })[] {
  let [day, value, volume] = ["", 0, 0];
  return candles.map((one) => {
    const today = dayOf(one.time);
    const begins = today !== day;
    if (begins) [day, value, volume] = [today, 0, 0];
    const weight = toNumber(one.volume);
    value += toNumber(one.vwap ?? one.close) * weight;
    volume += weight;
    const average = volume > 0 ? value / volume : toNumber(one.close);
    return { time: one.time, value: average, begins };
  });
}

const NEW_YORK = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" });

/** The trading day of a moment: New York's, or UTC's for what trades around the clock. */
export function tradingDay(calendar: string): (time: number) => string {
  const known = new Map<number, string>();
  return (time) => {
    const hour = Math.floor(time / 3_600);
    let found = known.get(hour);
    if (found === undefined) {
      const date = new Date(time * 1000);
      found = calendar === "always" ? date.toISOString().slice(0, 10) : NEW_YORK.format(date);
      known.set(hour, found);
    }
    return found;
  };
}
