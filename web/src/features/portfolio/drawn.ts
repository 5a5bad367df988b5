/** What answers become on the chart: columns of numbers, and the words for a point. */
import { toNumber } from "@/lib/decimal";
import type { Drawn } from "@/ui/curve";
import type { History, Performance } from "./asked";

type Point = History["points"][number];

/** All points of a history, from where it begins; one alone is drawn as a short line. */
export function pointsOf(history: History): readonly Point[] {
  const found = [...(history.base ? [history.base] : []), ...history.points];
  const only = found[0];
  if (found.length !== 1 || only === undefined) return found;
  return [{ ...only, at: new Date(Date.parse(only.at) - 60_000).toISOString() }, only];
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** A day in few words: Nov 21, 2026. */
export const dayOf = (at: string): string => DAY.format(new Date(at));

const seconds = (at: string) => Date.parse(at) / 1000;

/** Equity, and below it what was paid in. */
export function worthDrawn(history: History): Drawn {
  const points = pointsOf(history);
  return {
    at: points.map((one) => seconds(one.at)),
    lines: [
      points.map((one) => toNumber(one.equity)),
      points.map((one) => toNumber(one.net_deposits)),
    ],
    unit: "money",
  };
}

/** What was won or lost since the range began. */
export function gainDrawn(history: History): Drawn {
  const points = pointsOf(history);
  return {
    at: points.map((one) => seconds(one.at)),
    lines: [points.map((one) => toNumber(one.profit_loss)), points.map(() => 0)],
    unit: "money",
  };
}

/** The return of the account and of what it is compared with. */
export function returnDrawn({ curve }: Performance): Drawn {
  return {
    at: curve.map((one) => seconds(one.at)),
    lines: [
      curve.map((one) => toNumber(one.return_percent)),
      curve.map((one) => (one.benchmark_percent === null ? null : toNumber(one.benchmark_percent))),
    ],
    unit: "percent",
  };
}
