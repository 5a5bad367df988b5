/**
 * In which order positions stand. By value and gain it goes by what the server last said, so that no
 * row jumps from under the finger with every tick.
 */
import { absolute, compare } from "@/lib/decimal";
import type { Position } from "@/state/folds";

export type SortBy = "symbol" | "value" | "gain";

export interface Sorting {
  readonly by: SortBy;
  readonly down: boolean;
}

const COMPARE: Record<SortBy, (a: Position, b: Position) => number> = {
  symbol: (a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0),
  value: (a, b) => compare(absolute(a.market_value), absolute(b.market_value)),
  gain: (a, b) => compare(a.unrealized_pl, b.unrealized_pl),
};

export function sorted(positions: readonly Position[], { by, down }: Sorting): Position[] {
  const order = COMPARE[by];
  return [...positions].sort((a, b) => (down ? order(b, a) : order(a, b)));
}

/** Pressing a heading: it first, the largest on top; pressing it again turns it round. */
export function pressed(now: Sorting, by: SortBy): Sorting {
  return now.by === by ? { by, down: !now.down } : { by, down: by !== "symbol" };
}

export function read(text: string | null): Sorting {
  const [by, way] = (text ?? "").split(" ");
  const known = by === "value" || by === "gain" ? by : "symbol";
  return { by: known, down: way === "down" };
}

export const written = ({ by, down }: Sorting): string => `${by} ${down ? "down" : "up"}`;
