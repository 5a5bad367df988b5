/** What is asked for about lots, closings and what the account costs. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import type { Position } from "./folds";

/** The open lots of a position; asked for again when it changes. */
export const lots = (position: Pick<Position, "symbol" | "qty" | "cost_basis">) =>
  queryOptions({
    queryKey: ["lots", position.symbol, position.qty, position.cost_basis],
    queryFn: () =>
      call(
        api.GET("/api/v1/positions/{symbol}/lots", {
          params: { path: { symbol: position.symbol } },
        }),
      ),
    placeholderData: (before, query) =>
      query?.queryKey[1] === position.symbol ? before : undefined,
  });

/** What was closed in a year; `after` is whatever makes it older, such as the last fill. */
export const closed = (year: number, symbol?: string, after = "") =>
  queryOptions({
    queryKey: ["closed", year, symbol, after],
    queryFn: () =>
      call(
        api.GET("/api/v1/reports/tax", {
          params: { query: symbol === undefined ? { year } : { year, symbol } },
        }),
      ) as Promise<Schemas["TaxReport"]>,
    placeholderData: (before, query) =>
      query?.queryKey[1] === year && query.queryKey[2] === symbol ? before : undefined,
  });
