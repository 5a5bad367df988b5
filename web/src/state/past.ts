/** The account as it was, and when it changed. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { ProblemError } from "@/api/problem";

export type Moment = Schemas["Moment"];

const PAGE = 100;
const TRIES = 8;

export const timeline = infiniteQueryOptions({
  queryKey: ["past", "timeline"],
  queryFn: ({ pageParam }) =>
    call(
      api.GET("/api/v1/account/timeline", {
        params: { query: { limit: PAGE, ...(pageParam && { before: pageParam }) } },
      }),
    ),
  initialPageParam: 0,
  getNextPageParam: (last) => last.before ?? undefined,
});

/** The account at a point: an input's number or a time. It never changes, so it is asked once. */
export const accountAt = (at: string) =>
  queryOptions({
    queryKey: ["past", "account", at],
    queryFn: async () => {
      const found = await call(api.GET("/api/v1/account", { params: { query: { at } } }));
      const { past } = found;
      if (!past) throw new Error("an account of before says when");
      return { ...found, past };
    },
    enabled: at !== "",
    staleTime: Number.POSITIVE_INFINITY,
    // Another one who looks back is waited for.
    retry: (failures, error) =>
      failures < TRIES && error instanceof ProblemError && error.problem.code === "past_busy",
    retryDelay: 400,
  });
