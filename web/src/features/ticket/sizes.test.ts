/** Goal: a share of what there is is never more than there is, and can be traded. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compare } from "@/lib/decimal";
import type { Position } from "@/state/folds";
import type { Asset } from "./form";
import { part, partOf, roughly } from "./sizes";

const STOCK = { asset_class: "us_equity", min_trade_increment: "0.000000001" } as Asset;

test("parts go down to the step", () => {
  expect(part("434", "25", "1")).toBe("108");
  expect(part("1.0415", "50", "0.0001")).toBe("0.5207");
  expect(part("3", "25", "1")).toBe("0");
});

test("all of a position is all of it; a part of a small one is no nothing", () => {
  const held = (qty_available: string) => ({ qty_available }) as Position;
  expect(partOf(held("2.173913043"), "100", STOCK)).toBe("2.173913043");
  expect(partOf(held("-8"), "50", STOCK)).toBe("4");
  expect(partOf(held("1"), "25", STOCK)).toBe("0.25");
});

test("roughly is less, by little", () => {
  expect(roughly("434.7826")).toBe("434.7");
  expect(roughly("1.0526315")).toBe("1.052");
  expect(roughly("0.0012345678")).toBe("0.001234");
  expect(roughly("123456.7")).toBe("123456");
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.integer({ min: 0, max: 9 }), (n, p) => {
      const digits = n.toString().padStart(p + 1, "0");
      const value = p === 0 ? digits : `${digits.slice(0, -p)}.${digits.slice(-p)}`;
      expect(compare(roughly(value), value)).toBeLessThanOrEqual(0);
      expect(compare(roughly(value), "0")).toBe(1);
    }),
  );
});
