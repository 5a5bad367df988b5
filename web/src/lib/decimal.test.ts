import fc from "fast-check";
import { expect, test } from "vitest";
import * as d from "./decimal";

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.integer({ min: 0, max: 12 }))
  .map(([units, scale]) => d.text({ units, scale }));

test("text to decimal and back is the same", () => {
  fc.assert(
    fc.property(decimals, (one) => {
      const found = d.parse(one);
      expect(found && d.text(found)).toBe(one);
    }),
  );
});

test.each(["", " 1", "1e5", ".5", "5.", "1,000", "--1", "NaN", "0x1", "1 "])(
  "%j is no decimal",
  (one) => {
    expect(d.parse(one)).toBeNull();
  },
);

test("sums are exact, and undone by differences", () => {
  expect(d.add("0.1", "0.2")).toBe("0.3");
  expect(d.multiply("1234567890.123456789", "0.000000001")).toBe("1.234567890123456789");
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      expect(d.compare(d.subtract(d.add(a, b), b), a)).toBe(0);
      expect(d.compare(d.add(a, b), d.add(b, a))).toBe(0);
      expect(d.compare(d.multiply(a, b), d.multiply(b, a))).toBe(0);
    }),
  );
});

test("rounding is to the nearest, halves to even, and never off by more than half", () => {
  expect(["0.5", "1.5", "2.5", "-0.5", "-1.5"].map((one) => d.round(one, 0))).toEqual([
    "0",
    "2",
    "2",
    "0",
    "-2",
  ]);
  expect(d.round("1.999", 2, "down")).toBe("1.99");
  expect(d.round("7", 2)).toBe("7.00");
  fc.assert(
    fc.property(decimals, fc.integer({ min: 0, max: 12 }), (one, places) => {
      const off = d.absolute(d.subtract(d.round(one, places), one));
      expect(
        d.compare(d.multiply(off, "2"), d.text({ units: 1n, scale: places })),
      ).toBeLessThanOrEqual(0);
    }),
  );
});

test("a quotient times its divisor is near what was divided", () => {
  expect(d.divide("1", "3", 4)).toBe("0.3333");
  expect(d.divide("1", "0", 4)).toBeNull();
  expect(d.divide("-2", "3", 2)).toBe("-0.67");
  expect(d.divide("-2", "-3", 2, "down")).toBe("0.66");
});

test("steps", () => {
  expect(d.toStep("190.017", "0.01")).toBe("190.02");
  expect(d.toStep("190.017", "0.05", "down")).toBe("190.00");
  expect(d.toStep("7.3", "0.0001")).toBe("7.3000");
  fc.assert(
    fc.property(decimals, fc.constantFrom("0.01", "0.05", "0.0001", "1", "25"), (one, step) => {
      const found = d.toStep(one, step);
      expect(d.compare(d.toStep(found, step), found)).toBe(0);
    }),
  );
});

test("zeros that say nothing go, and no others", () => {
  expect(d.trim("1200.000")).toBe("1200");
  expect(d.trim("1.5000", 2)).toBe("1.50");
  expect(d.trim("100")).toBe("100");
  fc.assert(
    fc.property(decimals, (one) => {
      expect(d.compare(d.trim(one), one)).toBe(0);
    }),
  );
});
