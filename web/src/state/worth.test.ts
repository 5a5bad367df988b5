/** Goal: what was won today counts what was bought today from its cost, and says when it cannot tell. */
import { expect, test } from "vitest";
import type { Position } from "./folds";
import type { Quote, View } from "./ticks";
import { dayBase, dayGain, type Lot, tradedToday, worth } from "./worth";

const START = "2026-11-20T14:30:00.000000000Z";
const held = (some: Partial<Position>): Position =>
  ({ qty: "10", side: "long", updated_at: "2026-11-19T15:00:00.000000000Z", ...some }) as Position;
const view = (some: Partial<View> = {}): View =>
  ({ session_start: START, previous_close: "100.00", open: "101.00", ...some }) as View;
const lot = (qty: string, cost: string, acquired_at: string): Lot =>
  ({ qty, cost, acquired_at }) as Lot;

test("what was held over night counts from the close before", () => {
  expect(dayBase(held({}), view(), undefined)).toBe("1000.00");
  expect(dayBase(held({ qty: "-10" }), view(), undefined)).toBe("-1000.00");
  expect(dayGain("1020.00", "1000.00")).toEqual({ gain: "20.00", percent: "2.00" });
  expect(dayGain("-1020.00", "-1000.00")).toEqual({ gain: "-20.00", percent: "-2.00" });
});

test("what was bought today counts from its cost", () => {
  const today = held({ updated_at: "2026-11-20T15:00:00.000000000Z" });
  expect(tradedToday(today, view())).toBe(true);
  const lots = [
    lot("4", "380.00", "2026-11-12T15:00:00.000000000Z"),
    lot("6", "630.00", "2026-11-20T15:00:00.000000000Z"),
  ];
  expect(dayBase(today, view(), lots)).toBe("1030.00");
  expect(dayBase({ ...today, qty: "-10" }, view(), lots)).toBe("-1030.00");
  expect(dayBase(today, view(), undefined)).toBe(null);
});

test("without yesterday it counts from the open, and without either it is not known", () => {
  expect(dayBase(held({}), view({ previous_close: null }), undefined)).toBe("1010.00");
  expect(dayBase(held({}), view({ previous_close: null, open: null }), undefined)).toBe(null);
  expect(dayBase(held({}), undefined, undefined)).toBe(null);
  expect(dayGain("1", null)).toBe(null);
});

test("a contract is worth its mark", () => {
  const contract = { leverage: 5 } as Position["contract"];
  const perp = held({ contract: contract ?? null, cost_basis: "900.00", market_value: "1" });
  const quote = { bid: "1", ask: "2", contract: { mark_price: "91.00" } } as Quote;
  expect(worth(perp, quote)).toMatchObject({ price: "91.00", value: "910.00", gain: "10.00" });
});
