/**
 * What moves: quotes, views and bars by symbol, outside React. However many come, whoever shows them
 * is told once for each frame that the screen draws.
 */
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import type { Channel, Window } from "./connection";
import type { Frame } from "./folds";

export type Quote = Schemas["StreamQuote"];
export type View = Schemas["Ticker"];
export type Bar = Schemas["Bar"];

export class Ticks<T> {
  readonly #values = new Map<string, T>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #changed = new Set<string>();
  readonly #next: (draw: () => void) => void;
  #waiting = false;

  /** `next` calls back before the screen is next drawn. */
  constructor(next: (draw: () => void) => void = nextFrame) {
    this.#next = next;
  }

  get = (name: string): T | undefined => this.#values.get(name);

  put(name: string, value: T): void {
    this.#values.set(name, value);
    this.#changed.add(name);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#next(() => this.flush());
  }

  /** Tells everybody whose value has changed, once. */
  flush(): void {
    this.#waiting = false;
    const names = [...this.#changed];
    this.#changed.clear();
    for (const name of names) for (const tell of this.#listeners.get(name) ?? []) tell();
  }

  listen(name: string, told: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(told));
    return () => {
      listeners.delete(told);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }
}

/** A page that is not shown draws nothing: then once a second. */
function nextFrame(draw: () => void): void {
  if (document.hidden) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
}

export const quotes = new Ticks<Quote>();
export const views = new Ticks<View>();
export const bars = new Ticks<Bar>();

export const barName = (symbol: string, window: string): string => `${symbol} ${window}`;

/** Takes the public frames of the stream. */
export function heardTicks(frame: Frame): void {
  for (const one of (frame.quotes as Quote[] | undefined) ?? []) quotes.put(one.symbol, one);
  for (const one of (frame.views as View[] | undefined) ?? []) views.put(one.symbol, one);
  for (const one of (frame.bars as Bar[] | undefined) ?? []) {
    bars.put(barName(one.symbol, one.window), one);
  }
}

type Listen = (channel: Channel, symbol: string, window?: Window) => () => void;
let listenTo: Listen = () => () => undefined;

/** Where what is shown is asked for. */
export function setSource(listen: Listen): void {
  listenTo = listen;
}

function useTick<T>(
  ticks: Ticks<T>,
  name: string,
  channel: Channel,
  symbol: string,
  window?: Window,
): T | undefined {
  const subscribe = useCallback((told: () => void) => ticks.listen(name, told), [ticks, name]);
  useEffect(() => {
    if (symbol === "") return;
    return listenTo(channel, symbol, window);
  }, [channel, symbol, window]);
  return useSyncExternalStore(subscribe, () => ticks.get(name));
}

/** A symbol's quote, which moves; undefined until the first comes. */
export const useQuote = (symbol: string): Quote | undefined =>
  useTick(quotes, symbol, "quotes", symbol);

/** The quotes of some symbols; whoever uses it is drawn anew when any of them moves. */
export const useQuotes = (symbols: readonly string[]): ((symbol: string) => Quote | undefined) =>
  useMany(quotes, "quotes", symbols);

/** The consolidated views of some symbols, likewise. */
export const useViews = (symbols: readonly string[]): ((symbol: string) => View | undefined) =>
  useMany(views, "views", symbols);

function useMany<T>(
  ticks: Ticks<T>,
  channel: Channel,
  symbols: readonly string[],
): (symbol: string) => T | undefined {
  const names = symbols.join(",");
  const version = useRef(0);
  const subscribe = useCallback(
    (told: () => void) => {
      const tell = () => {
        version.current += 1;
        told();
      };
      const ends = split(names).map((symbol) => ticks.listen(symbol, tell));
      return () => {
        for (const end of ends) end();
      };
    },
    [ticks, names],
  );
  useEffect(() => {
    const ends = split(names).map((symbol) => listenTo(channel, symbol));
    return () => {
      for (const end of ends) end();
    };
  }, [channel, names]);
  useSyncExternalStore(subscribe, () => version.current);
  return ticks.get;
}

const split = (names: string): string[] => (names === "" ? [] : names.split(","));

/** A symbol's consolidated view. */
export const useView = (symbol: string): View | undefined =>
  useTick(views, symbol, "views", symbol);

/** The newest bar of a symbol, also the one that is being built. */
export const useBar = (symbol: string, window: Window): Bar | undefined =>
  useTick(bars, barName(symbol, window), "bars", symbol, window);
