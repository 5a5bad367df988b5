import { expect, test } from "vitest";
import type { Order } from "@/state/folds";
import { linesOf } from "./lines";

const order = (id: string, fields: Partial<Order> = {}): [string, Order] => [
  id,
  { id, symbol: "KO", status: "new", replaces: null, replaced_by: null, ...fields } as Order,
];
const told = (all: [string, Order][]) =>
  linesOf(new Map(all), "KO").map((line) => `${line.root}:${line.order.id}`);

test("a line keeps its name and place through every replacement", () => {
  const before = [order("a"), order("b")];
  expect(told(before)).toEqual(["b:b", "a:a"]);
  const gone = order("a", { status: "replaced", replaced_by: "c" });
  expect(told([gone, order("b")])).toEqual(["b:b", "a:a"]);
  expect(told([gone, order("b"), order("c", { replaces: "a" })])).toEqual(["b:b", "a:c"]);
});

test("what has ended, is another symbol's, or was replaced by what ended is none", () => {
  const all = [
    order("a", { status: "filled" }),
    order("b", { symbol: "AAPL" }),
    order("c", { status: "replaced", replaced_by: "d" }),
    order("d", { status: "canceled", replaces: "c" }),
  ];
  expect(told(all)).toEqual([]);
});
