import { expect, test } from "vitest";
import { joined, TRADES_MAX, type Trade } from "./trades";

const trade = (second: number, price: string, size = "10"): Trade => ({
  price,
  size,
  at: `2026-11-21T11:00:${`${second}`.padStart(2, "0")}.000000000Z`,
});
const prices = (all: readonly Trade[]) => all.map((one) => one.price).join(" ");

test("what came and what was stand in one row, newest first, each once", () => {
  const found = joined([trade(5, "3"), trade(4, "2")], [trade(4, "2"), trade(1, "1")]);
  expect(prices(found)).toBe("3 2 1");
});

test("what was missed while the line was down takes its place between", () => {
  const found = joined([trade(9, "4"), trade(2, "2")], [trade(5, "3"), trade(2, "2")]);
  expect(prices(found)).toBe("4 3 2");
});

test("two that are the same have names of their own, which stay", () => {
  const first = joined([trade(1, "1"), trade(1, "1")], []);
  const names = first.map((one) => one.id);
  expect(new Set(names).size).toBe(2);
  expect(
    joined([trade(2, "2"), ...first], [])
      .slice(1)
      .map((one) => one.id),
  ).toEqual(names);
});

test("no more are kept than are shown", () => {
  const many = Array.from({ length: 80 }, (_, at) => trade(at % 60, `${at}`));
  expect(joined(many, [])).toHaveLength(TRADES_MAX);
});
