import { expect, test } from "vitest";
import type { Position } from "@/state/folds";
import { pressed, read, sorted, written } from "./sorting";

const of = (symbol: string, market_value: string, unrealized_pl: string): Position =>
  ({ symbol, market_value, unrealized_pl }) as Position;
const held = [of("KO", "100.00", "-5"), of("AAPL", "-900.00", "3"), of("MSFT", "20", "12.5")];
const names = (by: "symbol" | "value" | "gain", down: boolean) =>
  sorted(held, { by, down }).map((one) => one.symbol);

test("by name, by size and by gain, either way round", () => {
  expect(names("symbol", false)).toEqual(["AAPL", "KO", "MSFT"]);
  expect(names("value", true)).toEqual(["AAPL", "KO", "MSFT"]);
  expect(names("gain", true)).toEqual(["MSFT", "AAPL", "KO"]);
  expect(names("gain", false)).toEqual(["KO", "AAPL", "MSFT"]);
});

test("a heading pressed twice turns round, and what was kept is read again", () => {
  const first = pressed({ by: "symbol", down: false }, "gain");
  expect(first).toEqual({ by: "gain", down: true });
  expect(pressed(first, "gain")).toEqual({ by: "gain", down: false });
  expect(read(written(first))).toEqual(first);
  expect(read("nonsense")).toEqual({ by: "symbol", down: false });
});
