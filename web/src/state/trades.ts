/** The newest trades of a symbol: those that were, and those that come by the stream. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, call } from "@/api/client";
import { connection, onFrame } from "./live";

export interface Trade {
  /** Its own among those of the symbol, also where two are the same. */
  readonly id?: string;
  readonly price: string;
  readonly size: string;
  readonly at: string;
}

interface Told {
  readonly symbol: string;
  readonly price: string;
  readonly size: string;
  readonly timestamp: string;
}

export const TRADES_MAX = 60;

const lastTrades = (symbol: string) =>
  queryOptions({
    queryKey: ["trades", symbol],
    queryFn: () =>
      call(
        api.GET("/api/v1/tickers/{symbol}/history", {
          params: { path: { symbol }, query: { kind: "trade", limit: TRADES_MAX } },
        }),
      ),
    staleTime: 60_000,
  });

/** Newest first, each once, though some were told both ways. */
export function joined(came: readonly Trade[], were: readonly Trade[]): Trade[] {
  const key = (one: Trade) => `${one.at} ${one.price} ${one.size}`;
  const seen = new Set(came.map(key));
  // What was asked for again may also be newer than what came: the line was down between.
  const rest = were.filter((one) => !seen.has(key(one)));
  const all = [...came, ...rest]
    .sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1))
    .slice(0, TRADES_MAX);
  const counts = new Map<string, number>();
  return all.reduceRight<Trade[]>((named, one) => {
    const count = counts.get(key(one)) ?? 0;
    counts.set(key(one), count + 1);
    named.unshift({ ...one, id: `${key(one)} ${count}` });
    return named;
  }, []);
}

/** Undefined until it is known. */
export function useTrades(symbol: string): readonly Trade[] | undefined {
  const { data, isPending } = useQuery(lastTrades(symbol));
  const [came, setCame] = useState<readonly Trade[]>([]);
  useEffect(() => {
    setCame([]);
    let waiting: Trade[] = [];
    let frame = 0;
    const deaf = onFrame((heard) => {
      if (heard.type !== "trades") return;
      for (const one of heard.trades as Told[]) {
        if (one.symbol !== symbol) continue;
        waiting.unshift({ price: one.price, size: one.size, at: one.timestamp });
      }
      if (waiting.length === 0 || frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        const now = waiting;
        waiting = [];
        setCame((before) => [...now, ...before].slice(0, TRADES_MAX));
      });
    });
    const leave = connection.listen("trades", symbol);
    return () => {
      cancelAnimationFrame(frame);
      deaf();
      leave();
    };
  }, [symbol]);
  const were = useMemo(
    () =>
      data?.ticks.flatMap(({ price, size, timestamp }) =>
        price == null || size == null ? [] : [{ price, size, at: timestamp }],
      ) ?? [],
    [data],
  );
  return useMemo(
    () => (isPending && came.length === 0 ? undefined : joined(came, were)),
    [came, were, isPending],
  );
}
