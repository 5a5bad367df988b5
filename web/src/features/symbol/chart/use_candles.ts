/** The bars of a symbol: asked for page by page, and as they come by the stream. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { connection, onFrame } from "@/state/live";
import { barPages, INVENTED, months } from "@/state/market";
import { type Bar, barName, bars as ticks } from "@/state/ticks";
import { BASE, Bars, type Candle, candle, candleOfDay, type Frame, isByDay } from "./series";

export interface Candles {
  readonly candles: readonly Candle[];
  readonly loading: boolean;
  readonly error: unknown;
  /** Bars before this time (in seconds) are somebody else's, who is named; null: all are ours. */
  readonly before: { readonly time: number; readonly source: string } | null;
  /** Asks for older ones, where there are any. */
  readonly older: () => void;
  readonly again: () => void;
}

export function useCandles(symbol: string, frame: Frame): Candles {
  const base = BASE[frame];
  const pages = useInfiniteQuery(barPages(symbol, base));
  const days = useQuery({ ...months(symbol), enabled: isByDay(frame) });
  const bars = useMemo(() => new Bars(frame), [frame]);
  const [candles, setCandles] = useState<readonly Candle[]>([]);

  const known = pages.data?.pages;
  const lent = isByDay(frame) && pages.hasNextPage === false ? days.data?.days : undefined;
  const own = useMemo(
    () => known && drawn([...known].reverse().flatMap((page) => page.bars)),
    [known],
  );
  const first = own?.[0]?.time ?? Number.POSITIVE_INFINITY;
  const earlier = useMemo(
    () => lent?.filter((day) => (candleOfDay(day)?.time ?? first) < first) ?? [],
    [lent, first],
  );
  useEffect(() => {
    if (own === undefined) return;
    bars.reset([...earlier.flatMap((day) => candleOfDay(day) ?? []), ...own]);
    setCandles(bars.candles);
  }, [own, earlier, bars]);

  const ready = own !== undefined;
  useEffect(() => {
    if (!ready) return;
    let waiting = 0;
    const take = (bar: Bar) => {
      const one = candle(bar);
      if (bar.symbol !== symbol || bar.window !== base || one === null) return;
      bars.put(one);
      // One repaint for each frame of the screen, and none that nobody sees.
      if (waiting === 0) {
        waiting = requestAnimationFrame(() => {
          waiting = 0;
          setCandles(bars.candles);
        });
      }
    };
    const newest = ticks.get(barName(symbol, base));
    if (newest) take(newest);
    const deaf = onFrame((heard) => {
      for (const bar of (heard.bars as Bar[] | undefined) ?? []) take(bar);
    });
    const leave = connection.listen("bars", symbol, base);
    return () => {
      cancelAnimationFrame(waiting);
      deaf();
      leave();
    };
  }, [ready, symbol, base, bars]);

  const { hasNextPage, isFetching, fetchNextPage, refetch } = pages;
  const asks = useRef({ hasNextPage, isFetching });
  asks.current = { hasNextPage, isFetching };
  const older = useCallback(() => {
    if (asks.current.hasNextPage && !asks.current.isFetching) void fetchNextPage();
  }, [fetchNextPage]);
  const lender = earlier.at(-1);
  const made = useMemo(() => madeUpTo(known), [known]);
  return {
    candles,
    loading: pages.isPending || (isByDay(frame) && days.isPending),
    error: pages.error,
    before: lender ? { time: first, source: lender.source } : made,
    older,
    again: useCallback(() => void refetch(), [refetch]),
  };
}

/** When what is ours begins after what is made up, if anything is. */
function madeUpTo(pages: readonly { bars: readonly Bar[] }[] | undefined) {
  const all = pages?.flatMap((page) => page.bars) ?? [];
  if (!all.some((bar) => bar.source === INVENTED)) return null;
  const own = drawn(all.filter((bar) => bar.source !== INVENTED)).map((one) => one.time);
  return { time: own.length > 0 ? Math.min(...own) : Date.now() / 1000, source: INVENTED };
}

const drawn = (all: readonly Bar[]): Candle[] => all.flatMap((bar) => candle(bar) ?? []);
