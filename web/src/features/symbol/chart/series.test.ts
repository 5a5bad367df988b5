import { describe, expect, test } from "vitest";
import { averages, Bars, begin, type Candle, fold, sessionVwap, tradingDay } from "./series";

const at = (time: number, close: string, volume = "10", revision = 0): Candle => ({
  time,
  open: close,
  high: close,
  low: close,
  close,
  volume,
  vwap: close,
  revision,
});

describe("folding", () => {
  test("one of several has the first's open, the extremes, the last's close and all volume", () => {
    const several = [at(0, "10.00"), at(60, "12.50", "30"), at(120, "9.10", "10")];
    expect(fold(several, 0)).toMatchObject({
      open: "10.00",
      high: "12.50",
      low: "9.10",
      close: "9.10",
      volume: "50",
      vwap: "11.3200",
    });
    expect(fold([], 0)).toBeNull();
  });

  test("weeks begin on Mondays, hours on the hour", () => {
    const day = (text: string) => Date.parse(`${text}T00:00:00Z`) / 1000;
    expect(begin(day("2026-11-22"), "1w")).toBe(day("2026-11-16"));
    expect(begin(day("2026-11-23"), "1w")).toBe(day("2026-11-23"));
    expect(begin(day("2026-11-16") + 14_399, "4h")).toBe(day("2026-11-16"));
  });
});

describe("bars, live ones laid over", () => {
  test("a live one replaces the last, and a new one follows it", () => {
    const bars = new Bars("1m");
    bars.reset([at(0, "1.00"), at(60, "2.00")]);
    bars.put(at(60, "2.50"));
    bars.put(at(120, "3.00"));
    expect(bars.candles.map((one) => one.close)).toEqual(["1.00", "2.50", "3.00"]);
  });

  test("what came by the stream stays when older bars are asked for", () => {
    const bars = new Bars("1m");
    bars.reset([at(60, "2.00")]);
    bars.put(at(120, "3.00"));
    bars.reset([at(0, "1.00"), at(60, "2.00")]);
    expect(bars.candles.map((one) => one.close)).toEqual(["1.00", "2.00", "3.00"]);
  });

  test("the later revision counts, in whatever order they come", () => {
    const bars = new Bars("1m");
    bars.put(at(60, "2.00", "10", 1));
    bars.put(at(60, "1.00", "10", 0));
    bars.reset([at(60, "3.00", "10", 2)]);
    expect(bars.candles.map((one) => one.close)).toEqual(["3.00"]);
  });

  test("longer bars are folded anew as the short ones move, none counted twice", () => {
    const bars = new Bars("15m");
    bars.reset([at(0, "1.00"), at(300, "2.00"), at(900, "5.00")]);
    bars.put(at(900, "6.00", "20"));
    bars.put(at(900, "7.00", "25"));
    bars.put(at(600, "9.00", "1"));
    expect(bars.candles.map(({ time, close, volume }) => [time, close, volume])).toEqual([
      [0, "9.00", "21"],
      [900, "7.00", "25"],
    ]);
  });
});

describe("what is worked out", () => {
  test("an average begins where there are enough bars", () => {
    const found = averages([at(0, "1"), at(60, "2"), at(120, "6")], 2);
    expect(found).toEqual([
      { time: 60, value: 1.5 },
      { time: 120, value: 4 },
    ]);
  });

  test("the volume-weighted average begins anew with the trading day", () => {
    const found = sessionVwap([at(0, "10", "1"), at(60, "20", "3"), at(120, "50", "1")], (time) =>
      time < 100 ? "first" : "second",
    );
    expect(found.map((one) => one.value)).toEqual([10, 17.5, 50]);
    expect(found.map((one) => one.begins)).toEqual([true, false, true]);
  });

  test("a stock's day is New York's, a coin's UTC's", () => {
    const late = Date.parse("2026-11-21T00:30:00Z") / 1000;
    expect(tradingDay("us_equity")(late)).toBe("2026-11-20");
    expect(tradingDay("always")(late)).toBe("2026-11-21");
  });
});
