/** What this screen asks for over HTTP. */
import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";

export type History = components["schemas"]["PortfolioHistory"];
export type Performance = components["schemas"]["Performance"];
export type Portfolio = components["schemas"]["Portfolio"];

export const RANGES = [
  { value: "1D", label: "1D", words: "today" },
  { value: "1W", label: "1W", words: "in a week" },
  { value: "1M", label: "1M", words: "in a month" },
  { value: "3M", label: "3M", words: "in three months" },
  { value: "6M", label: "6M", words: "in six months" },
  { value: "YTD", label: "YTD", words: "this year" },
  { value: "1Y", label: "1Y", words: "in a year" },
  { value: "5Y", label: "5Y", words: "in five years" },
  { value: "ALL", label: "All", words: "since the beginning" },
] as const;

export type Range = (typeof RANGES)[number]["value"];

export const history = (range: Range) =>
  queryOptions({
    queryKey: ["portfolio-history", range],
    queryFn: () => call(api.GET("/api/v1/portfolio/history", { params: { query: { range } } })),
    refetchInterval: 60_000,
  });

/** Days make performance: of a single one there is none. */
export const measured = (range: Range): Range => (range === "1D" ? "1W" : range);

export const performance = (range: Range) =>
  queryOptions({
    queryKey: ["performance", measured(range)],
    queryFn: () =>
      call(
        api.GET("/api/v1/portfolio/performance", {
          params: { query: { range: measured(range) } },
        }),
      ),
    refetchInterval: 60_000,
  });

export const standing = queryOptions({
  queryKey: ["portfolio", "standing"],
  queryFn: () => call(api.GET("/api/v1/portfolio")),
  refetchInterval: 10_000,
});
