/** Goal: exits on the wrong side are told before they are sent, for long and short; the rest is sent. */
import { expect, test } from "vitest";
import type { Order, Position } from "@/state/folds";
import { away, bodyOf, type Exits, exitsOf, wonAt, wrongs } from "./exits";

const NONE: Exits = {
  profit: "",
  stop: "none",
  stopPrice: "",
  stopLimit: "",
  trail: "",
  qty: "",
  tif: "gtc",
};
const held = (some: Partial<Position> = {}): Position =>
  ({ side: "long", qty: "10", avg_entry_price: "50.00", protection: null, ...some }) as Position;
const short = held({ side: "short", qty: "-10" });

test("a long position wins above the market and loses below it, a short one the other way", () => {
  const both = { ...NONE, profit: "60", stop: "price", stopPrice: "40" } as const;
  expect(wrongs(both, held(), "50.00")).toMatchObject({ profit: null, stop: null });
  expect(wrongs(both, short, "50.00").profit).toMatch(/below the market \(50\.00\)/);
  expect(wrongs(both, short, "50.00").stop).toMatch(/above the market/);
  const turned = { ...both, profit: "40", stopPrice: "60" };
  expect(wrongs(turned, short, "50.00")).toMatchObject({ profit: null, stop: null });
  expect(wrongs(turned, held(), "50.00").profit).toMatch(/above the market/);
  expect(wrongs({ ...both, stopPrice: "50" }, held(), "50.00").stop).toMatch(/at once/);
  expect(wrongs(turned, held(), null)).toMatchObject({ profit: null, stop: null });
});

test("what is no price, percentage or quantity is told", () => {
  expect(wrongs({ ...NONE, profit: "x" }, held(), "50").profit).toMatch(/Enter a price/);
  expect(wrongs({ ...NONE, stop: "price" }, held(), "50").stop).toMatch(/Enter a price/);
  const trails = { ...NONE, stop: "trail_percent", trail: "100" } as const;
  expect(wrongs(trails, held(), "50").stop).toMatch(/less than 100/);
  expect(wrongs({ ...trails, trail: "2.5" }, held(), "50").stop).toBe(null);
  expect(wrongs({ ...NONE, qty: "11" }, held(), "50").qty).toMatch(/hold 10/);
  const limit = { ...NONE, stop: "price", stopPrice: "40", stopLimit: "41" } as const;
  expect(wrongs(limit, held(), "50").stopLimit).toMatch(/at the stop or below/);
});

test("what stands on it is what is changed, and what is sent", () => {
  const order = { qty: "10", time_in_force: "gtc", trail_price: null, trail_percent: null };
  const protection = {
    symbol: "KO",
    take_profit: { ...order, limit_price: "60.00" } as Order,
    stop_loss: { ...order, stop_price: "40.00", limit_price: null } as Order,
  };
  const exits = exitsOf(held({ protection }));
  expect(exits).toMatchObject({ profit: "60.00", stop: "price", stopPrice: "40.00", qty: "" });
  expect(bodyOf(exits)).toEqual({
    take_profit: { limit_price: "60.00" },
    stop_loss: { stop_price: "40.00" },
    time_in_force: "gtc",
  });
  expect(bodyOf({ ...NONE, stop: "trail_price", trail: "2", qty: "5", tif: "day" })).toEqual({
    stop_loss: { trail_price: "2" },
    qty: "5",
    time_in_force: "day",
  });
});

test("so many percent away, and what that wins", () => {
  expect(away("50.00", "5", true, "0.01")).toBe("52.50");
  expect(away("50.00", "-5", true, "0.01")).toBe("47.50");
  expect(away("50.00", "5", false, "0.01")).toBe("47.50");
  expect(wonAt(held(), "52.50", "")).toBe("25.00");
  expect(wonAt(short, "47.50", "4")).toBe("10.00");
  expect(wonAt(held(), "", "")).toBe(null);
});
