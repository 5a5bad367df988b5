/** What is asked for about a symbol and its market; prices that move come by the stream. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";

export const BARS_PAGE = 500;

/** What the built-in market makes up of the time before it began. */
export const INVENTED = "invented";
const OWN = { source: "", end: "" };

/**
 * Bars page by page, each page oldest first, the newest page first; where our own minutes and hours
 * end, those that are made up go on. Days before our own are `months`.
 */
export const barPages = (symbol: string, window: string) =>
  infiniteQueryOptions({
    queryKey: ["bars", symbol, window],
    queryFn: async ({ pageParam: { source, end } }) => {
      const ask = async (source: string, end: string) => {
        const from = { ...(source && { source }), ...(end && { end }) };
        const query = { symbol, window, limit: BARS_PAGE, ...from };
        return (await call(api.GET("/api/v1/bars", { params: { query } }))).bars;
      };
      const bars = await ask(source, end);
      const isWhole = bars.length === BARS_PAGE || source === INVENTED;
      if (isWhole || window === "1s" || window === "1d") return { bars };
      return { bars: [...(await ask(INVENTED, bars[0]?.start ?? end)), ...bars] };
    },
    initialPageParam: OWN,
    getNextPageParam: ({ bars: [first, ...more] }) =>
      first === undefined || more.length + 1 < BARS_PAGE
        ? undefined
        : { source: first.source, end: first.start },
    staleTime: 60_000,
  });

/** Five months of days, also from before this Stockyard had any. */
export const months = (symbol: string) =>
  queryOptions({
    queryKey: ["months", symbol],
    queryFn: () =>
      call(api.GET("/api/v1/tickers/{symbol}/chart", { params: { path: { symbol } } })),
    staleTime: 600_000,
  });

export const company = (symbol: string) =>
  queryOptions({
    queryKey: ["company", symbol],
    queryFn: () => call(api.GET("/api/v1/company/{symbol}", { params: { path: { symbol } } })),
    staleTime: 600_000,
  });

/** The world's time and what each calendar is doing. */
export const clock = queryOptions({
  queryKey: ["clock"],
  queryFn: () => call(api.GET("/api/v1/clock")),
  staleTime: 15_000,
  refetchInterval: 30_000,
});

/** The last fundings of a perpetual contract, newest first. */
export const funding = (symbol: string) =>
  queryOptions({
    queryKey: ["funding", symbol],
    queryFn: () =>
      call(
        api.GET("/api/v1/assets/{symbol}/funding", {
          params: { path: { symbol }, query: { limit: 4 } },
        }),
      ),
    staleTime: 60_000,
  });

export const LAST_BARS = 24;

/** Two hours of five minutes of several symbols, for small lines: oldest first, ours last. */
export const lastBars = (symbols: readonly string[]) =>
  queryOptions({
    queryKey: ["last-bars", symbols],
    queryFn: async () => {
      const query = { symbols: symbols.join(","), window: "5m", limit: LAST_BARS };
      const ask = (more: { source?: string }) =>
        call(api.GET("/api/v1/bars", { params: { query: { ...query, ...more } } }));
      const own = await ask({});
      if (own.bars.length >= LAST_BARS * symbols.length) return own;
      const made = await ask({ source: INVENTED });
      return { bars: [...made.bars, ...own.bars] };
    },
    enabled: symbols.length > 0,
    placeholderData: (before) => before,
    staleTime: 60_000,
    refetchInterval: 60_000,
  });

/** By ticker or name: what is traded here, and what else is known. */
export const search = (q: string) =>
  queryOptions({
    queryKey: ["search", q],
    queryFn: () => call(api.GET("/api/v1/search", { params: { query: { q, limit: 20 } } })),
    staleTime: 60_000,
  });
