/** How charts are drawn, chosen once for all symbols and kept in this browser. */
import { create } from "zustand";
import { keep, kept } from "@/lib/store";
import { BASE, type Frame } from "./series";

export interface Prefs {
  readonly frame: Frame;
  readonly kind: "candles" | "line";
  readonly volume: boolean;
  readonly short: boolean;
  readonly long: boolean;
  readonly vwap: boolean;
  readonly fills: boolean;
  readonly orders: boolean;
  readonly position: boolean;
  /** The price axis reaches to every order and the position. */
  readonly fit: boolean;
}

export const DEFAULTS: Prefs = {
  frame: "1m",
  kind: "candles",
  volume: true,
  short: true,
  long: false,
  vwap: true,
  fills: true,
  orders: true,
  position: true,
  fit: false,
};
export const SHORT = 20;
export const LONG = 50;

/** What was kept, where it is still understood. */
export function read(text: string | null): Prefs {
  try {
    const found = JSON.parse(text ?? "{}") as Record<string, unknown>;
    const fits = Object.entries(DEFAULTS).map(([name, usual]) => {
      const value = found[name];
      const known = name === "frame" ? `${value}` in BASE : typeof value === typeof usual;
      return [name, known ? value : usual];
    });
    return Object.fromEntries(fits) as unknown as Prefs;
  } catch {
    return DEFAULTS;
  }
}

export const usePrefs = create<Prefs>(() => read(kept("chart")));

export function prefer(changed: Partial<Prefs>): void {
  usePrefs.setState(changed);
  keep("chart", JSON.stringify(usePrefs.getState()));
}
