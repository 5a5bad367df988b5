import { expect, test } from "vitest";
import * as f from "./format";

test("money is grouped, and has a true minus", () => {
  expect(f.money("1234567.891")).toBe("$1,234,567.89");
  expect(f.money("-0.005")).toBe("$0.00");
  expect(f.money("-12.5")).toBe("−$12.50");
  expect(f.signedMoney("12.5")).toBe("+$12.50");
  expect(f.signedMoney("0")).toBe("$0.00");
  expect(f.money(null)).toBe("—");
});

test("prices and quantities keep what they mean", () => {
  expect(f.price("0.000012")).toBe("0.000012");
  expect(f.price("65000")).toBe("65,000.00");
  expect(f.quantity("1200.000000000")).toBe("1,200");
  expect(f.average("95006.344568")).toBe("95,006.34");
  expect(f.average("0.123456")).toBe("0.123456");
  expect(f.quantity("-0.500")).toBe("−0.5");
});

test("percentages say their direction", () => {
  expect(f.percent("1.5")).toBe("+1.50%");
  expect(f.percent("-0.001")).toBe("0.00%");
});

test("large numbers are short", () => {
  expect(f.compact("999")).toBe("999");
  expect(f.compact("12345")).toBe("12.3K");
  expect(f.compact("1234567")).toBe("1.23M");
  expect(f.compact("-1500000000")).toBe("−1.5B");
});

test("ages", () => {
  expect([0, 59_999, 60_000, 7_200_000, 200_000_000].map(f.age)).toEqual([
    "0 s",
    "59 s",
    "1 m",
    "2 h",
    "2 d",
  ]);
});
