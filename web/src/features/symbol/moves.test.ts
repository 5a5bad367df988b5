import { expect, test } from "vitest";
import type { Order } from "@/state/folds";
import type { Asset } from "@/state/instrument";
import { allowed, drop, hold, keyOf, leave, pricesOf, stepped, useMoves } from "./moves";

const asset = {
  price_increment: "0.01",
  price_increment_below: "0.0001",
  increment_threshold: "1.00",
} as Asset;
const order = (fields: Partial<Order>): Order =>
  ({
    id: "a",
    type: "limit",
    limit_price: null,
    stop_price: null,
    triggered_at: null,
    ...fields,
  }) as Order;
const move = () => useMoves.getState().moves.get(keyOf("a", "limit_price"));

test("a price goes to the nearest step, and never to nothing", () => {
  expect(allowed(asset, "40.0149")).toBe("40.01");
  expect(allowed(asset, "-3.2")).toBe("0.0001");
});

test("steps become smaller below the threshold", () => {
  expect(stepped(asset, "1.01", false, 2)).toBe("0.9900");
  expect(stepped(asset, "0.9999", true)).toBe("1.00");
});

test("which prices can be moved: not that of a stop that trails or has been reached", () => {
  const both = { type: "stop_limit", limit_price: "9.00", stop_price: "10.00" } as const;
  expect(pricesOf(order(both)).map((one) => one.which)).toEqual(["stop_price", "limit_price"]);
  expect(pricesOf(order({ ...both, triggered_at: "2026-01-02T00:00:00Z" }))).toHaveLength(1);
  expect(pricesOf(order({ type: "trailing_stop", stop_price: "9.00" }))[0]?.movable).toBe(false);
  expect(pricesOf(order({ type: "market" }))).toEqual([]);
});

test("let go where it was, nothing is asked; elsewhere it is", () => {
  const one = order({ limit_price: "9.00" });
  hold(one, "limit_price", "9.50", "held");
  hold(one, "limit_price", "9.00", "held");
  drop("a", "limit_price");
  expect(move()).toBeUndefined();
  hold(one, "limit_price", "9.50", "held");
  drop("a", "limit_price");
  expect(move()).toMatchObject({ is: "asking", from: "9.00", price: "9.50" });
  leave("a", "limit_price");
  expect(move()).toBeUndefined();
});
