/** Watchlists: several for each account, in an order of their own. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { queryClient } from "./queries";

export type Watchlist = Schemas["Watchlist"];

export const watchlists = queryOptions({
  queryKey: ["watchlists"],
  queryFn: () => call(api.GET("/api/v1/watchlists")),
});

const byId = (watchlist_id: string) => ({ params: { path: { watchlist_id } } });

export const watchlistsChanged = () =>
  queryClient.invalidateQueries({ queryKey: watchlists.queryKey });

export const makeWatchlist = (name: string) =>
  call(api.POST("/api/v1/watchlists", { body: { name, symbols: [] } }));
export const changeWatchlist = (id: string, body: Partial<Schemas["WatchlistChangeBody"]>) =>
  call(
    api.PATCH("/api/v1/watchlists/{watchlist_id}", {
      ...byId(id),
      body: body as Schemas["WatchlistChangeBody"],
    }),
  );
export const deleteWatchlist = (id: string) =>
  call(api.DELETE("/api/v1/watchlists/{watchlist_id}", byId(id)));

/** The list with one of its own moved to another place. */
export function moved<T>(all: readonly T[], from: number, to: number): T[] {
  const rest = all.filter((_, at) => at !== from);
  rest.splice(to, 0, all[from] as T);
  return rest;
}
