/** Goal: the chart shows what was answered, from where it begins, with gaps where nothing is known. */
import { expect, test } from "vitest";
import type { History, Performance } from "./asked";
import { gainDrawn, pointsOf, returnDrawn, worthDrawn } from "./drawn";

const point = (at: string, equity: string, net_deposits: string, profit_loss: string) => ({
  at,
  equity,
  net_deposits,
  profit_loss,
  return_percent: "0",
  cash: null,
  market_value: null,
});

const history = (base: boolean, ...points: History["points"]): History => ({
  account_id: "a",
  range: "1M",
  window: "15m",
  since: "2026-01-01T00:00:00Z",
  base: base ? point("2026-01-01T00:00:00Z", "100.00", "100.00", "0.00") : null,
  points,
  net_deposits: "0.00",
  profit_loss: "5.00",
  profit_loss_percent: "5",
  return_percent: "5",
});

test("a history begins with its base", () => {
  const found = history(true, point("2026-01-02T00:00:00Z", "155.00", "150.00", "5.00"));
  expect(worthDrawn(found)).toEqual({
    at: [1_767_225_600, 1_767_312_000],
    lines: [
      [100, 155],
      [100, 150],
    ],
    unit: "money",
  });
  expect(gainDrawn(found).lines).toEqual([
    [0, 5],
    [0, 0],
  ]);
});

test("one point alone is a line of a minute", () => {
  const drawn = worthDrawn(history(false, point("2026-01-02T00:00:00Z", "5.00", "5.00", "0.00")));
  expect(drawn.at).toEqual([1_767_311_940, 1_767_312_000]);
  expect(drawn.lines[0]).toEqual([5, 5]);
  expect(pointsOf(history(false))).toEqual([]);
});

test("a benchmark that is not known leaves a gap", () => {
  const curve = [
    { at: "2026-01-01T00:00:00Z", return_percent: "0", benchmark_percent: null },
    { at: "2026-01-02T00:00:00Z", return_percent: "-1.5", benchmark_percent: "2.25" },
  ];
  expect(returnDrawn({ curve } as Performance).lines).toEqual([
    [0, -1.5],
    [null, 2.25],
  ]);
});
