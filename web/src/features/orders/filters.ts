/** What is looked at, kept in the page's address: going back comes back to the same list. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Order } from "@/state/folds";
import { dayBegins, EVERYTHING, type Filter, SORTS, type Sort, TABS } from "./blotter";
import { TYPES } from "./words";

export interface Wanted extends Filter {
  readonly sort: Sort;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

export const oneOf = <T extends string>(value: unknown, all: readonly T[], otherwise: T): T =>
  all.find((one) => one === value) ?? otherwise;

export const day = (value: unknown): string =>
  typeof value === "string" && DAY.test(value) && dayBegins(value) !== undefined ? value : "";

/** An address may hold anything: what means nothing is left out. */
export function readWanted(search: Record<string, unknown>): Wanted {
  return {
    tab: oneOf(search.tab, TABS, "open"),
    symbol: typeof search.symbol === "string" ? search.symbol : "",
    side: oneOf(search.side, ["", "buy", "sell"], ""),
    type: oneOf(search.type, ["", ...Object.keys(TYPES)] as ("" | Order["type"])[], ""),
    from: day(search.from),
    to: day(search.to),
    sort: oneOf(search.sort, SORTS, "newest"),
  };
}

const PLAIN: Wanted = { ...EVERYTHING, sort: "newest" };

export function useWanted(): [Wanted, (change: Partial<Wanted>) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const go = useNavigate();
  const wanted = useMemo(() => readWanted(search), [search]);
  const change = (some: Partial<Wanted>) => {
    const next = Object.entries({ ...wanted, ...some }).filter(
      ([name, value]) => value !== PLAIN[name as keyof Wanted],
    );
    void go({ to: "/orders", search: Object.fromEntries(next), replace: true });
  };
  return [wanted, change];
}

/** The same as the server is asked. */
export function queryOf({ tab, symbol, side, type, from, to }: Filter) {
  const [start, end] = [dayBegins(from), dayBegins(to, 1)];
  return {
    ...(tab !== "all" && { status: tab }),
    ...(symbol !== "" && { symbol }),
    ...(side !== "" && { side }),
    ...(type !== "" && { type }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}
