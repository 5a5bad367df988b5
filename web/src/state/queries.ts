/** What is asked for over HTTP and kept while it is shown. Prices that move come by the stream. */
import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { paths } from "@/api/schema";
import { useSession } from "./session";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 3 && !(error instanceof ProblemError && error.problem.status < 500),
    },
  },
});

// Another user, another account: nothing of the last one's is shown. Learning which account it is
// that all was about is no change.
useSession.subscribe((now, before) => {
  if (now.token !== before.token) queryClient.clear();
  else if (now.accountId !== before.accountId && before.accountId !== null) {
    void queryClient.resetQueries();
  }
});

export const house = queryOptions({
  queryKey: ["house"],
  queryFn: () => call(api.GET("/api/v1/house")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const portfolio = queryOptions({
  queryKey: ["portfolio"],
  queryFn: () => call(api.GET("/api/v1/portfolio")),
});

export type Range = "1D" | "1W" | "1M" | "3M" | "1Y" | "ALL";

export const equityCurve = (range: Range) =>
  queryOptions({
    queryKey: ["equity", range],
    queryFn: () => call(api.GET("/api/v1/account/equity", { params: { query: { range } } })),
    refetchInterval: 60_000,
  });

export const assets = queryOptions({
  queryKey: ["assets"],
  queryFn: () => call(api.GET("/api/v1/assets")),
  staleTime: 300_000,
});

/** Which types of orders there are, and what goes with each. */
export const orderTypes = queryOptions({
  queryKey: ["order-types"],
  queryFn: () => call(api.GET("/api/v1/order-types")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Where these symbols stand in their day. */
export const snapshots = (symbols: readonly string[]) =>
  queryOptions({
    queryKey: ["snapshots", symbols],
    queryFn: () =>
      call(api.GET("/api/v1/snapshot", { params: { query: { symbols: symbols.join(",") } } })),
    enabled: symbols.length > 0,
    refetchInterval: 15_000,
  });

type OrderQuery = NonNullable<paths["/api/v1/orders"]["get"]["parameters"]["query"]>;

export const orders = (query: OrderQuery = {}) =>
  queryOptions({
    queryKey: ["orders", query],
    queryFn: () => call(api.GET("/api/v1/orders", { params: { query } })),
  });

const ORDERS_PAGE = 250;

/** All orders that match, newest first, page by page. What is new since then comes by the stream. */
export const orderPages = (query: OrderQuery) =>
  infiniteQueryOptions({
    queryKey: ["order-pages", query],
    queryFn: ({ pageParam }) => {
      const page = { ...query, limit: ORDERS_PAGE, ...(pageParam !== "" && { after: pageParam }) };
      return call(api.GET("/api/v1/orders", { params: { query: page } }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => (last.length < ORDERS_PAGE ? undefined : last.at(-1)?.id),
    staleTime: 60_000,
  });

/** One order with its legs, as it stands. Its screen asks anew when the stream tells of it. */
export const order = (id: string) =>
  queryOptions({
    queryKey: ["order", id],
    queryFn: () => call(api.GET("/api/v1/orders/{order_id}", { params: byId(id) })),
  });

/** What happened to it, oldest first. */
export const story = (id: string) =>
  queryOptions({
    queryKey: ["order", id, "story"],
    queryFn: () => call(api.GET("/api/v1/orders/{order_id}/story", { params: byId(id) })),
  });

/** Its fills, oldest first, each with its explanation. */
export const executions = (id: string) =>
  queryOptions({
    queryKey: ["order", id, "executions"],
    queryFn: () => call(api.GET("/api/v1/orders/{order_id}/executions", { params: byId(id) })),
  });

const byId = (id: string) => ({ path: { order_id: id } });

const ACTIVITIES_PAGE = 100;
type ActivityQuery = NonNullable<paths["/api/v1/account/activities"]["get"]["parameters"]["query"]>;

export const activityPages = (query: ActivityQuery) =>
  infiniteQueryOptions({
    queryKey: ["activities", query],
    queryFn: ({ pageParam }) => {
      const page = {
        ...query,
        limit: ACTIVITIES_PAGE,
        ...(pageParam !== "" && { after: pageParam }),
      };
      return call(api.GET("/api/v1/account/activities", { params: { query: page } }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => (last.length < ACTIVITIES_PAGE ? undefined : last.at(-1)?.id),
  });
