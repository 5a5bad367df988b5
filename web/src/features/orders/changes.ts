/** What of an order can be changed, and what somebody has changed. Pure functions. */
import { compare, parse, sign } from "@/lib/decimal";
import type { ReplaceBody } from "@/state/commands";
import type { Order } from "@/state/folds";

export type Name = "qty" | "limit_price" | "stop_price" | "trail_price" | "trail_percent";
export type Values = Readonly<Partial<Record<Name, string>>>;

const CHANGEABLE: readonly Order["status"][] = ["accepted", "held", "new", "partially_filled"];

/** The fields that can be changed, as they are; none where it cannot be replaced. */
export function valuesOf(order: Order): Values {
  const { type, status, qty, limit_price, stop_price, trail_price, trail_percent } = order;
  // An order for an amount, or one the market has taken, is canceled and placed anew.
  if (!CHANGEABLE.includes(status) || order.notional !== null) return {};
  if (type === "market" && status !== "accepted") return {};
  const linked = order.parent_id || order.sibling_id || order.protects;
  const waits = !order.triggered_at;
  return {
    // A leg is for as much as its entry.
    ...(!linked && { qty }),
    ...(type.includes("limit") && limit_price !== null && { limit_price }),
    ...((type === "stop" || type === "stop_limit") && waits && stop_price && { stop_price }),
    ...(type === "trailing_stop" && waits && trail_price && { trail_price }),
    ...(type === "trailing_stop" && waits && trail_percent && { trail_percent }),
  };
}

export const canReplace = (order: Order): boolean => Object.keys(valuesOf(order)).length > 0;

/** What differs; null where something is no number above zero. */
export function changesOf(before: Values, now: Values): Partial<ReplaceBody> | null {
  const changed: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(now) as [Name, string][]) {
    if (parse(value) === null || sign(value) <= 0) return null;
    if (compare(value, before[name] ?? "0") !== 0) changed[name] = value;
  }
  return changed;
}
