/** What was measured of requests, asked for while an operator looks. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";

export type Kept = Schemas["KeptRequest"];

export const WINDOWS = [
  { value: "15", label: "15 min" },
  { value: "60", label: "1 h" },
  { value: "360", label: "6 h" },
  { value: "1440", label: "24 h" },
  { value: "10080", label: "7 d" },
] as const;
export type Minutes = (typeof WINDOWS)[number]["value"];

/** One route, or all of them. */
export interface Chosen {
  readonly method: string;
  readonly route: string;
}

const EVERY_MS = 10_000;
const PAGE = 50;
const whileItWorks = (query: { state: { error: unknown } }) =>
  query.state.error === null ? EVERY_MS : false;

export const routes = (minutes: Minutes) =>
  queryOptions({
    queryKey: ["operator", "routes", minutes],
    queryFn: () =>
      call(api.GET("/api/v1/admin/routes", { params: { query: { minutes: Number(minutes) } } })),
    refetchInterval: whileItWorks,
    placeholderData: keepPreviousData,
  });

export const history = (minutes: Minutes, chosen: Chosen | null) =>
  queryOptions({
    queryKey: ["operator", "history", minutes, chosen],
    queryFn: () =>
      call(
        api.GET("/api/v1/admin/routes/history", {
          params: { query: { minutes: Number(minutes), ...chosen } },
        }),
      ),
    refetchInterval: whileItWorks,
  });

export const caches = (minutes: Minutes) =>
  queryOptions({
    queryKey: ["operator", "caches", minutes],
    queryFn: () =>
      call(api.GET("/api/v1/admin/caches", { params: { query: { minutes: Number(minutes) } } })),
    refetchInterval: whileItWorks,
    placeholderData: keepPreviousData,
  });

export type Sort = "slowest" | "newest" | "failed" | "refused";
export interface Wish {
  readonly minutes: Minutes;
  readonly chosen: Chosen | null;
  readonly sort: Sort;
  readonly request: string;
}

export const requests = ({ minutes, chosen, sort, request }: Wish) =>
  infiniteQueryOptions({
    queryKey: ["operator", "requests", minutes, chosen, sort, request],
    queryFn: ({ pageParam }) => {
      const status = sort === "failed" || sort === "refused" ? { status: sort } : {};
      const query = {
        minutes: Number(minutes),
        ...chosen,
        ...status,
        ...(request !== "" && { request_id: request }),
        sort: (sort === "slowest" ? "slowest" : "newest") as "slowest" | "newest",
        limit: PAGE,
        ...(pageParam !== "" && { after: pageParam }),
      };
      return call(api.GET("/api/v1/admin/traces", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const one = (id: string) =>
  queryOptions({
    queryKey: ["operator", "request", id],
    queryFn: () =>
      call(api.GET("/api/v1/admin/traces/{trace}", { params: { path: { trace: id } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
