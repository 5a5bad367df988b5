import { expect, test } from "vitest";
import type { Asset } from "@/state/instrument";
import { chosen, type Listed, movers, ranked } from "./ranking";

const one = (symbol: string, change: string | null, fields: Partial<Asset> = {}): Listed => ({
  asset: { symbol, name: symbol, asset_class: "us_equity", ...fields } as Asset,
  price: "1.00",
  change,
  turnover: null,
});
const names = (all: readonly Listed[]) => all.map(({ asset }) => asset.symbol).join(" ");
const ALL = [one("B", "-2.10"), one("D", null), one("A", "10.00"), one("C", "9.00")];

test("numbers are ranked as numbers, what has none comes last both ways", () => {
  expect(names(ranked(ALL, "change", true))).toBe("A C B D");
  expect(names(ranked(ALL, "change", false))).toBe("B C A D");
  expect(names(ranked(ALL, "symbol", false))).toBe("A B C D");
});

test("risers did rise and fallers did fall", () => {
  const { up, down } = movers(ALL, 3);
  expect([names(up), names(down)]).toEqual(["A C", "B"]);
});

test("a kind and words choose", () => {
  const coin = one("BTC/USD", null, { name: "Bitcoin", asset_class: "crypto" });
  expect(names(chosen([...ALL, coin], "crypto", ""))).toBe("BTC/USD");
  expect(names(chosen([...ALL, coin], "all", " bitc "))).toBe("BTC/USD");
  expect(chosen([...ALL, coin], "us_equity", "bitc")).toEqual([]);
});
