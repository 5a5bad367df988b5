import { expect, test } from "vitest";
import { sameUntil } from "./drawing";
import { marksOf } from "./own";
import type { Candle } from "./series";

const bar = (time: number, close = "1.00"): Candle => ({
  time,
  open: close,
  high: close,
  low: close,
  close,
  volume: "1",
  vwap: null,
  revision: 0,
});
const did = (side: "buy" | "sell", at: number, qty: string, price = "9.00") => ({
  side,
  at,
  qty,
  price,
});

test("a fill belongs to the bar it happened in; those of one bar and side are one mark", () => {
  const found = marksOf(
    [did("buy", 61, "10"), did("buy", 119, "5.5"), did("sell", 70, "3"), did("buy", 10, "1")],
    [bar(60), bar(120)],
  );
  expect(found.marks.map((one) => [one.time, one.side, one.text])).toEqual([
    [60, "buy", "Bought 15.5"],
    [60, "sell", "Sold 3"],
  ]);
  expect(found.did.get(60)).toBe("Bought 15.5 at 2 prices · Sold 3 at 9.00");
});

test("only what changed at the end is drawn anew", () => {
  const [a, b] = [bar(0), bar(60)];
  expect(sameUntil([a, b], [a, bar(60, "2.00")])).toBe(1);
  expect(sameUntil([a, b], [a, b, bar(120)])).toBe(1);
  expect(sameUntil([a, b], [bar(-60), a, b])).toBe(-1);
  expect(sameUntil([], [a])).toBe(-1);
});
