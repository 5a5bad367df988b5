/** The day's change of a symbol. */
import { divide, multiply, subtract } from "@/lib/decimal";
import type { View } from "@/state/ticks";

/** Since yesterday's close, or since today's open where there is none yet. */
export function changeOf({ change, change_percent, last, open }: View) {
  if (change !== null && change_percent !== null) {
    return { by: change, percent: change_percent, since: "since the last close" };
  }
  if (last === null || open === null) return null;
  const by = subtract(last, open);
  return { by, percent: divide(multiply(by, "100"), open, 2), since: "since the open" };
}
