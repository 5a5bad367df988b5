/** Goal: the list is what the server said and the stream told, each order once, legs in place. */
import { expect, test } from "vitest";
import type { Order } from "@/state/folds";
import { dayBegins, EVERYTHING, merged, nested, sorted } from "./blotter";

function order(id: string, some: Partial<Order> = {}): Order {
  const at = `2026-11-20T15:00:${id.padStart(2, "0").slice(-2)}.000000000Z`;
  return {
    id,
    symbol: "KO",
    side: "buy",
    type: "limit",
    status: "new",
    qty: "1",
    parent_id: null,
    sibling_id: null,
    legs: null,
    created_at: at,
    updated_at: at,
    ...some,
  } as Order;
}
const ids = (orders: readonly Order[]) => orders.map((one) => one.id);
const ALL = { ...EVERYTHING, tab: "all" } as const;

test("what the stream told lies over the pages, and nothing is there twice", () => {
  const pages = [[order("3"), order("2")], [order("1")]];
  const live = new Map([
    ["2", order("2", { status: "filled", updated_at: "2026-11-20T16:00:00Z" })],
    ["3", order("3", { status: "canceled", updated_at: "2026-11-20T14:00:00Z" })],
    ["4", order("4")],
  ]);
  const found = merged(pages, live, ALL);
  expect(ids(found)).toEqual(["4", "3", "2", "1"]);
  expect(found.map((one) => one.status)).toEqual(["new", "new", "filled", "new"]);
  expect(ids(merged(pages, live, { ...ALL, tab: "filled" }))).toEqual(["2"]);
  expect(ids(merged(pages, live, { ...ALL, symbol: "AAPL" }))).toEqual([]);
  expect(ids(sorted(found, "oldest"))).toEqual(["1", "2", "3", "4"]);
});

test("a day is the day here, its end included", () => {
  const [begin, end] = [dayBegins("2026-11-20"), dayBegins("2026-11-20", 1)];
  expect(Date.parse(end ?? "") - Date.parse(begin ?? "")).toBe(86_400_000);
  expect(dayBegins("")).toBe(undefined);
  const made = order("1", { created_at: begin ?? "" });
  const on = (from: string, to: string) => merged([[made]], new Map(), { ...ALL, from, to }).length;
  expect([on("2026-11-20", "2026-11-20"), on("2026-11-21", ""), on("", "2026-11-19")]).toEqual([
    1, 0, 0,
  ]);
});

test("legs stand below their entry, and the stop of a pair below its take-profit", () => {
  const entry = order("1", { take_profit_id: "2", stop_loss_id: "3" });
  const [profit, loss] = [
    order("2", { parent_id: "1", sibling_id: "3" }),
    order("3", { parent_id: "1", sibling_id: "2", type: "stop" }),
  ];
  const lines = (orders: Order[]) =>
    nested(orders).map((one) => (one.leg ? `-${one.order.id}` : one.order.id));
  expect(lines([order("9"), loss, profit, entry])).toEqual(["9", "1", "-2", "-3"]);
  expect(lines([loss, profit])).toEqual(["2", "-3"]);
  expect(lines([loss])).toEqual(["3"]);
  expect(lines([{ ...entry, legs: [profit, loss] }])).toEqual(["1", "-2", "-3"]);
});

test("ten thousand orders are merged, sorted and nested in a blink", () => {
  const many = Array.from({ length: 10_000 }, (_, n) =>
    order(`${n}`, { created_at: `2026-11-20T15:00:00.${String(99_999 - n).padStart(9, "0")}Z` }),
  );
  const live = new Map(many.slice(0, 200).map((one) => [one.id, one]));
  const begin = performance.now();
  expect(nested(sorted(merged([many], live, ALL), "qty")).length).toBe(10_000);
  expect(performance.now() - begin).toBeLessThan(1_000);
});
