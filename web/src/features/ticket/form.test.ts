/** Goal: the ticket offers what the server's table allows, and sends exactly what is shown. */
import { expect, test } from "vitest";
import type { Position } from "@/state/folds";
import {
  type Asset,
  blank,
  bodyOf,
  closes,
  fieldOf,
  fitted,
  mistakes,
  priceStep,
  shapeOf,
  type Terms,
  verbOf,
} from "./form";

const LATER = ["day", "gtc", "gtd"] as const;
const ALL = [...LATER, "ioc", "fok", "opg", "cls"] as const;
const row = (type: Terms["type"], needs: string[][], more: Partial<Terms> = {}): Terms => ({
  type,
  title: type,
  description: "",
  needs,
  times_in_force: [...ALL],
  lasting_times_in_force: [...LATER],
  order_classes: ["simple", "bracket", "oto"],
  extended_hours: false,
  post_only: false,
  ...more,
});
const TERMS: Terms[] = [
  row("market", [["qty", "notional"]]),
  row("limit", [["qty"], ["limit_price"]], {
    order_classes: ["simple", "bracket", "oto", "oco"],
    extended_hours: true,
    post_only: true,
  }),
  row("trailing_stop", [["qty"], ["trail_price", "trail_percent"]], { order_classes: ["simple"] }),
];
const STOCK = {
  asset_class: "us_equity",
  auctions: true,
  extended_hours: true,
  fractionable: true,
  shortable: true,
  easy_to_borrow: true,
  price_increment: "0.01",
  price_increment_below: "0.0001",
  increment_threshold: "1.00",
} as Asset;
const COIN = { ...STOCK, asset_class: "crypto", auctions: false, extended_hours: false } as Asset;
const long = { side: "long", qty: "5" } as Position;

const order = (form: Parameters<typeof shapeOf>[0], asset = STOCK, held?: Position) => {
  const shape = shapeOf(form, TERMS, asset, held);
  return shape && bodyOf(form, shape);
};

test("a market order by quantity, or by amount", () => {
  const form = { ...blank("AAPL"), values: { qty: "10", notional: "500" } };
  const base = { symbol: "AAPL", side: "buy", type: "market", time_in_force: "day" };
  expect(order(form)).toEqual({ ...base, qty: "10" });
  expect(order({ ...form, chosen: ["notional"] })).toEqual({ ...base, notional: "500" });
  expect(order({ ...form, values: {} })).toBeNull();
  expect(order({ ...form, values: { qty: "1,5x" } })).toBeNull();
});

test("exits stand inside the order, and what is not shown is not sent", () => {
  const form = {
    ...blank("AAPL"),
    type: "limit" as const,
    order_class: "bracket" as const,
    loss: "stop_limit" as const,
    values: {
      qty: "1",
      limit_price: "10",
      "take_profit.limit_price": "12",
      "stop_loss.stop_price": "9",
      "stop_loss.limit_price": "8.9",
      "stop_loss.trail_percent": "5",
      stop_price: "7",
    },
  };
  expect(order(form)).toEqual({
    symbol: "AAPL",
    side: "buy",
    type: "limit",
    time_in_force: "day",
    order_class: "bracket",
    qty: "1",
    limit_price: "10",
    take_profit: { limit_price: "12" },
    stop_loss: { stop_price: "9", limit_price: "8.9" },
  });
  expect(order({ ...form, order_class: "oco", loss: "trail_percent" })).toMatchObject({
    stop_loss: { trail_percent: "5" },
  });
  const oto = order({ ...form, order_class: "oto", exit: "take_profit" });
  expect(oto).not.toHaveProperty("stop_loss");
});

test("what does not go with a type gives way when the type is chosen", () => {
  const form = {
    ...blank("AAPL"),
    type: "trailing_stop" as const,
    order_class: "bracket" as const,
    flags: { extended_hours: true, post_only: true },
  };
  const next = fitted(form, TERMS, STOCK);
  expect(next.order_class).toBe("simple");
  expect(next.flags).toMatchObject({ extended_hours: false, post_only: false });
});

test("times in force follow class, flags and the asset's auctions", () => {
  const limit = { ...blank("AAPL"), type: "limit" as const };
  expect(shapeOf(limit, TERMS, STOCK, undefined)?.times).toEqual(ALL);
  expect(shapeOf(limit, TERMS, COIN, undefined)?.times).toEqual([...LATER, "ioc", "fok"]);
  const oco = { ...limit, order_class: "oco" as const };
  expect(shapeOf(oco, TERMS, STOCK, undefined)?.times).toEqual(LATER);
  const early = { ...limit, time_in_force: "ioc" as const, flags: { extended_hours: true } };
  expect(fitted(early, TERMS, STOCK).time_in_force).toBe("day");
});

test("flags are offered where they can do something", () => {
  const limit = { ...blank("AAPL"), type: "limit" as const };
  expect(shapeOf(limit, TERMS, STOCK, undefined)?.flags).toEqual(["extended_hours"]);
  expect(shapeOf(limit, TERMS, COIN, long)?.flags).toEqual(["post_only", "reduce_only"]);
  const hard = { ...STOCK, easy_to_borrow: false };
  expect(shapeOf({ ...blank("X"), side: "sell" }, TERMS, hard, undefined)?.flags).toEqual([
    "locate",
  ]);
});

test("a refusal is shown where it can be mended", () => {
  const form = { ...blank("AAPL"), order_class: "bracket" as const, loss: "trail_price" as const };
  const shape = shapeOf(form, TERMS, STOCK, undefined);
  if (shape === null) throw new Error("no shape");
  expect(fieldOf("notional", shape)).toBe("qty");
  expect(fieldOf("stop_loss", shape)).toBe("stop_loss.trail_price");
  expect(fieldOf("take_profit", shape)).toBe("take_profit.limit_price");
  expect(fieldOf("symbol", shape)).toBeNull();
  const oco = { ...form, type: "limit" as const, order_class: "oco" as const };
  const itself = shapeOf(oco, TERMS, STOCK, undefined);
  expect(itself && fieldOf("take_profit", itself)).toBe("limit_price");
  expect(fieldOf(null, shape)).toBeNull();
});

test("numbers are looked at before they are sent", () => {
  const form = { ...blank("AAPL"), type: "trailing_stop" as const, chosen: ["trail_percent"] };
  const shape = shapeOf(form, TERMS, STOCK, undefined);
  if (shape === null) throw new Error("no shape");
  const values = { qty: "-1", trail_percent: "100" };
  expect(Object.keys(mistakes({ ...form, values }, shape))).toEqual(["qty", "trail_percent"]);
  expect(mistakes({ ...form, values: { qty: "" } }, shape)).toEqual({});
});

test("the words follow what is held", () => {
  expect(verbOf("buy", undefined)).toBe("Buy");
  expect(verbOf("sell", long)).toBe("Sell");
  expect(verbOf("sell", undefined)).toBe("Sell short");
  expect(verbOf("sell", undefined, false)).toBe("Sell");
  expect(verbOf("buy", { ...long, side: "short" })).toBe("Buy to cover");
  expect(closes("sell", long)).toBe(true);
});

test("steps are the asset's", () => {
  expect(priceStep(STOCK, "0.5")).toBe("0.0001");
  expect(priceStep(STOCK, "1")).toBe("0.01");
  expect(priceStep(STOCK, "")).toBe("0.01");
});
