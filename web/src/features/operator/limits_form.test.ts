import { expect, test } from "vitest";
import { formOf, limitsOf, symbolsIn, wrongIn } from "./limits_form";

const NONE = {
  order_value: null,
  open_orders: null,
  leverage: null,
  order_types: null,
  symbols: null,
  requests_per_minute: null,
  orders_per_minute: null,
};
const SOME = {
  order_value: "5000.00",
  open_orders: 20,
  leverage: "1.50",
  order_types: ["market", "limit"],
  symbols: ["AAPL", "BTC/USD"],
  requests_per_minute: 100,
  orders_per_minute: 1,
};

test("limits come back from the form as they went in", () => {
  for (const limits of [NONE, SOME]) {
    const form = formOf(limits as never);
    expect(limitsOf(form)).toEqual(limits);
    expect(wrongIn(form)).toEqual({});
  }
});

test("symbols are found however they are apart", () => {
  expect(symbolsIn(" aapl, spy;btc/usd\nKO ")).toEqual(["AAPL", "SPY", "BTC/USD", "KO"]);
  expect(symbolsIn("  ")).toEqual([]);
});

test("each field says what would be right", () => {
  const form = formOf(NONE as never);
  const cases = [
    [{ value: "0" }, "value"],
    [{ value: "ten" }, "value"],
    [{ value: "-5" }, "value"],
    [{ orders: "0" }, "orders"],
    [{ orders: "1.5" }, "orders"],
    [{ requests: "10000000" }, "requests"],
    [{ rate: "-1" }, "rate"],
    [{ leverage: "0.99" }, "leverage"],
    [{ leverage: "1.555" }, "leverage"],
    [{ leverage: "100.01" }, "leverage"],
    [{ symbols: "KO ko" }, "symbols"],
  ] as const;
  for (const [change, field] of cases) {
    expect(Object.keys(wrongIn({ ...form, ...change }))).toEqual([field]);
  }
});
