/** Goal: only what the server would take is offered, and only what differs is sent. */
import { expect, test } from "vitest";
import type { Order } from "@/state/folds";
import { canReplace, changesOf, valuesOf } from "./changes";

const order = (some: Partial<Order>): Order =>
  ({
    type: "limit",
    status: "new",
    qty: "3",
    limit_price: "100.00",
    stop_price: null,
    trail_price: null,
    trail_percent: null,
    notional: null,
    parent_id: null,
    sibling_id: null,
    triggered_at: null,
    ...some,
  }) as Order;

test("each kind of order offers its own fields", () => {
  expect(valuesOf(order({}))).toEqual({ qty: "3", limit_price: "100.00" });
  const stop = order({ type: "stop", limit_price: null, stop_price: "90.00" });
  expect(valuesOf(stop)).toEqual({ qty: "3", stop_price: "90.00" });
  expect(valuesOf({ ...stop, parent_id: "1", status: "held" })).toEqual({ stop_price: "90.00" });
  expect(valuesOf({ ...stop, triggered_at: "2026-11-20T15:00:00Z" })).toEqual({ qty: "3" });
  const trailing = order({ type: "trailing_stop", limit_price: null, trail_percent: "1.5" });
  expect(valuesOf({ ...trailing, stop_price: "88.00" })).toEqual({
    qty: "3",
    trail_percent: "1.5",
  });
});

test("what has ended, is on its way or is for an amount is not offered", () => {
  for (const status of ["filled", "canceled", "pending_new", "pending_cancel"] as const) {
    expect(canReplace(order({ status }))).toBe(false);
  }
  expect(canReplace(order({ notional: "500" }))).toBe(false);
  expect(canReplace(order({ type: "market", limit_price: null }))).toBe(false);
  expect(valuesOf(order({ type: "market", limit_price: null, status: "accepted" }))).toEqual({
    qty: "3",
  });
});

test("only what differs is sent, and nothing that is no number", () => {
  const before = valuesOf(order({}));
  expect(changesOf(before, { qty: "3.0", limit_price: "100" })).toEqual({});
  expect(changesOf(before, { qty: "4", limit_price: "100" })).toEqual({ qty: "4" });
  for (const qty of ["", "x", "0", "-1", "1e3"]) expect(changesOf(before, { qty })).toBe(null);
});
