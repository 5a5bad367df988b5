/** What the operator's pages ask the server, and tell it. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { queryClient } from "@/state/queries";
import { newKeys } from "@/state/submit";

export type User = Schemas["UserLine"];
export type Detail = Schemas["UserDetail"];
export type Limits = Schemas["UserLimits"];
export type Role = User["role"];

export interface Wanted {
  readonly q: string;
  readonly role: Role | "";
  readonly status: "active" | "suspended" | "closed" | "pending" | "";
}

export const users = (wanted: Wanted) =>
  infiniteQueryOptions({
    queryKey: ["operator", "users", wanted],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/admin/users", {
          params: {
            query: {
              ...(wanted.q && { q: wanted.q }),
              ...(wanted.role && { role: wanted.role }),
              ...(wanted.status && { status: wanted.status }),
              ...(pageParam && { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
  });

const one = (user_id: string) => ({ path: { user_id } });

export const user = (id: string) =>
  queryOptions({
    queryKey: ["operator", "user", id],
    queryFn: () => call(api.GET("/api/v1/admin/users/{user_id}", { params: one(id) })),
    retry: false,
  });

export const present = queryOptions({
  queryKey: ["operator", "presence"],
  queryFn: () => call(api.GET("/api/v1/admin/presence")),
  refetchInterval: 5_000,
});

export const feeds = queryOptions({
  queryKey: ["operator", "feeds"],
  queryFn: () => call(api.GET("/api/v1/feeds")),
  refetchInterval: 5_000,
});

export const storage = queryOptions({
  queryKey: ["operator", "storage"],
  queryFn: () => call(api.GET("/api/v1/admin/storage")),
  refetchInterval: ({ state }) => (state.data?.backups?.running_since ? 1_000 : 10_000),
});

export const backUp = () => call(api.POST("/api/v1/admin/storage/backups"));

export const dayOf = (id: string, date: string, account: string) =>
  infiniteQueryOptions({
    queryKey: ["operator", "day", id, date, account],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/admin/users/{user_id}/day", {
          params: {
            ...one(id),
            query: {
              account,
              ...(date && { date }),
              ...(pageParam && { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** Everything here is asked for again: what was done may show in any of it. */
export const again = () => queryClient.invalidateQueries({ queryKey: ["operator"] });

export const add = (body: Schemas["AddUserBody"]) =>
  call(api.POST("/api/v1/admin/users", { body }));

/** A link with which a user chooses a new password. */
export const linkFor = (id: string) =>
  call(api.POST("/api/v1/admin/users/{user_id}/password-link", { params: one(id) }));

const header = () => ({ "Idempotency-Key": newKeys().idempotency });

export const limit = (id: string, body: Schemas["LimitsBody"]) =>
  call(api.PUT("/api/v1/admin/users/{user_id}/limits", { params: one(id), body }));

export const freeze = (id: string, body: Schemas["FreezeBody"]) =>
  call(api.PUT("/api/v1/admin/users/{user_id}/freeze", { params: one(id), body }));

/** Under a key of its own each time: who presses twice grants twice, a lost answer grants once. */
export const grant = (id: string, amount: string, account_id: string, idempotency: string) =>
  call(
    api.POST("/api/v1/admin/users/{user_id}/grants", {
      params: { ...one(id), header: { ...header(), "Idempotency-Key": idempotency } },
      body: { amount, account_id },
    }),
  );

export const change = (id: string, body: Schemas["UserPatch"]) =>
  call(api.PATCH("/api/v1/admin/users/{user_id}", { params: one(id), body }));
