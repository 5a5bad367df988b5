/**
 * Orders whose price is being changed here: taken hold of, asked about, sent, and what became of it.
 * The line on the chart and the row in the list show the same.
 */
import { create } from "zustand";
import { add, compare, subtract, toStep } from "@/lib/decimal";
import { findPlaced, replace } from "@/state/commands";
import type { Order } from "@/state/folds";
import { type Asset, priceStep } from "@/state/instrument";
import { useSettings } from "@/state/settings";
import { Submission, type Submit } from "@/state/submit";

/** Which of an order's prices. */
export type Which = "limit_price" | "stop_price";

export interface Move {
  readonly id: string;
  readonly which: Which;
  readonly from: string;
  readonly price: string;
  /** Held: still being dragged; asking: let go, and not yet sent. */
  readonly is: "held" | "asking" | "sent";
  readonly submit: Submit;
}

/** How long it is seen that it was done. */
const DONE_MS = 1_500;

export const keyOf = (id: string, which: Which): string => `${id} ${which}`;
export const useMoves = create<{ moves: ReadonlyMap<string, Move> }>(() => ({ moves: new Map() }));
export const useMove = (id: string, which: Which): Move | undefined =>
  useMoves(({ moves }) => moves.get(keyOf(id, which)));

/** The prices of an order that may be changed, and those that only can be seen. */
export function pricesOf(order: Order): { which: Which; price: string; movable: boolean }[] {
  const found: { which: Which; price: string; movable: boolean }[] = [];
  const trails = order.type === "trailing_stop";
  if (order.stop_price !== null && order.triggered_at === null) {
    found.push({ which: "stop_price", price: order.stop_price, movable: !trails });
  }
  if (order.limit_price !== null) {
    found.push({ which: "limit_price", price: order.limit_price, movable: true });
  }
  return found;
}

/** A price near `price` that an order may have. */
export function allowed(asset: Asset, price: string): string {
  const step = priceStep(asset, price);
  const found = toStep(price, step);
  return compare(found, step) < 0 ? step : found;
}

/** One step up or down. */
export function stepped(asset: Asset, price: string, up: boolean, times = 1): string {
  let next = price;
  for (let count = 0; count < times; count += 1) {
    const step = priceStep(asset, next);
    next = allowed(asset, up ? add(next, step) : subtract(next, step));
  }
  return next;
}

function put(one: Move): void {
  useMoves.setState(({ moves }) => ({ moves: new Map(moves).set(keyOf(one.id, one.which), one) }));
}

export function leave(id: string, which: Which): void {
  useMoves.setState(({ moves }) => {
    const rest = new Map(moves);
    rest.delete(keyOf(id, which));
    return { moves: rest };
  });
}

const now = (id: string, which: Which) => useMoves.getState().moves.get(keyOf(id, which));
const READY: Submit = { is: "ready" };

/** Takes hold of a price, or moves on what is held. What was sent cannot be taken back. */
export function hold(order: Order, which: Which, price: string, is: "held" | "asking"): void {
  const before = now(order.id, which);
  if (before?.is === "sent" && before.submit.is !== "denied") return;
  const from = order[which];
  if (from === null) return;
  put({ id: order.id, which, from, price, is, submit: READY });
}

/** Lets go of it: nothing has changed, or it is asked about, or sent. */
export function drop(id: string, which: Which): void {
  const held = now(id, which);
  if (held?.is !== "held") return;
  if (compare(held.price, held.from) === 0) leave(id, which);
  else if (useSettings.getState().confirm) put({ ...held, is: "asking" });
  else send(id, which);
}

/** Sends it: the order is replaced, once. */
export function send(id: string, which: Which): void {
  const held = now(id, which);
  if (held === undefined || held.is === "sent") return;
  if (compare(held.price, held.from) === 0) {
    leave(id, which);
    return;
  }
  const submission = new Submission<Move, Order>(
    (move, keys) => replace(move.id, { [move.which]: move.price }, keys),
    findPlaced,
  );
  const show = () => {
    put({ ...held, is: "sent", submit: submission.state });
    if (submission.state.is === "done") setTimeout(() => leave(id, which), DONE_MS);
  };
  submission.listen(show);
  submission.send(held);
}
