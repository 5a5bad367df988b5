/** The orders that are wanted: open ones from the stream, others page by page with it laid over. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { known } from "@/lib/loadable";
import type { Order } from "@/state/folds";
import { useLive } from "@/state/live";
import { orderPages } from "@/state/queries";
import { type Line, merged, nested, sorted } from "./blotter";
import { queryOf, type Wanted } from "./filters";

/** So many orders are shown, sorted and exported; older ones are found by their day. */
export const ORDERS_MAX = 10_000;
const NONE: readonly (readonly Order[])[] = [];
const NOBODY: ReadonlyMap<string, Order> = new Map();

export interface Blotter {
  /** Undefined while nothing is known. */
  readonly lines: readonly Line[] | undefined;
  readonly orders: readonly Order[];
  readonly error: unknown;
  /** There are older ones. */
  readonly more: boolean;
  readonly loading: boolean;
  readonly loadMore: () => void;
  readonly retry: () => void;
}

export function useBlotter(wanted: Wanted, all: boolean): Blotter {
  const { tab, sort } = wanted;
  const isOpenTab = tab === "open";
  const live = useLive((state) => known(state.book)?.orders);
  const pages = useInfiniteQuery({ ...orderPages(queryOf(wanted)), enabled: !isOpenTab });
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = pages;
  const count = data?.pages.reduce((sum, page) => sum + page.length, 0) ?? 0;
  const more = !isOpenTab && hasNextPage && count < ORDERS_MAX;
  const loadsAll = all || sort !== "newest";
  useEffect(() => {
    if (loadsAll && more && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [loadsAll, more, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const orders = useMemo(
    () => sorted(merged(isOpenTab ? NONE : (data?.pages ?? NONE), live ?? NOBODY, wanted), sort),
    [isOpenTab, data, live, wanted, sort],
  );
  const isKnown = isOpenTab ? live !== undefined : data !== undefined;
  const lines = useMemo(() => (isKnown ? nested(orders) : undefined), [isKnown, orders]);
  return {
    lines,
    orders,
    error: isOpenTab ? null : pages.error,
    more,
    loading: isFetchingNextPage,
    loadMore: () => void (more && !isFetchingNextPage && fetchNextPage()),
    retry: () => void (data === undefined ? pages.refetch() : fetchNextPage()),
  };
}
