/**
 * The orders that work in a symbol, each under the name of the first it took the place of: a line that
 * was moved is still the same line, and keeps its place and the focus.
 */
import { useMemo } from "react";
import { known } from "@/lib/loadable";
import { type Book, isOpen, type Order } from "@/state/folds";
import { useLive } from "@/state/live";

export interface Line {
  /** Stays when the order is replaced. */
  readonly root: string;
  readonly order: Order;
}

/** Newest first. An order that was replaced stands until the one in its place has been told of. */
export function linesOf(orders: Book["orders"], symbol: string): Line[] {
  const places = new Map([...orders.keys()].map((id, at) => [id, at]));
  const found: Line[] = [];
  for (const order of orders.values()) {
    const awaited = order.status === "replaced" && !orders.has(order.replaced_by ?? "");
    if (order.symbol !== symbol || !(isOpen(order) || (awaited && order.replaced_by))) continue;
    let first = order;
    for (let before: Order | undefined = order; before; ) {
      first = before;
      before = before.replaces === null ? undefined : orders.get(before.replaces);
    }
    found.push({ root: first.id, order });
  }
  return found.sort((a, b) => (places.get(b.root) ?? 0) - (places.get(a.root) ?? 0));
}

/** Undefined until they are known. */
export function useLines(symbol: string): readonly Line[] | undefined {
  const orders = useLive((live) => known(live.book)?.orders);
  return useMemo(() => orders && linesOf(orders, symbol), [orders, symbol]);
}
