/** Goal: what was meant comes first, whoever says it. */
import { expect, test } from "vitest";
import { matches, symbolsFor, wishOf } from "./found";

const ASSETS = [
  { symbol: "AAPL", name: "Apple Inc.", asset_class: "us_equity" },
  { symbol: "KO", name: "The Coca-Cola Company", asset_class: "us_equity" },
  { symbol: "BTC/USD", name: "Bitcoin", asset_class: "crypto" },
  { symbol: "COKE", name: "Coca-Cola Consolidated", asset_class: "us_equity" },
];
const names = (text: string) => symbolsFor(text, ASSETS, []).map((one) => one.symbol);

test("tickers come before names", () => {
  expect(names("ko")).toEqual(["KO"]);
  expect(names("co")).toEqual(["COKE", "KO", "BTC/USD"]);
  expect(names("coca")).toEqual(["COKE", "KO"]);
  expect(names("nothing")).toEqual([]);
  expect(names("")).toEqual([]);
});

test("what the server found besides comes last, once, and only what trades here", () => {
  const found = (symbol: string, listed: boolean) => ({
    symbol,
    listed,
    name: "Cola",
    asset_class: "us_equity",
    exchange: "X",
    source: null,
  });
  const all = symbolsFor("ko", ASSETS, [found("KO", true), found("PEP", true), found("Z", false)]);
  expect(all.map((one) => one.symbol)).toEqual(["KO", "PEP"]);
});

test("buying and selling are understood", () => {
  expect(wishOf("buy 10 ko")).toEqual({ side: "buy", qty: "10", text: "ko" });
  expect(wishOf(" Sell KO ")).toEqual({ side: "sell", qty: null, text: "ko" });
  expect(wishOf("buy ")).toEqual({ side: "buy", qty: null, text: "" });
  expect(wishOf("Buyer")).toEqual({ side: null, qty: null, text: "buyer" });
});

test("words in any order", () => {
  expect(matches("dark the", "Theme: dark")).toBe(true);
  expect(matches("darker", "Theme: dark")).toBe(false);
});
