/** What changes an account itself, asked for under keys; and what it is asked for at its desk. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { type Keys, newKeys } from "./submit";

const header = ({ account_id, idempotency }: Keys) => ({
  "Idempotency-Key": idempotency,
  ...(account_id !== null && { "X-Account-ID": account_id }),
});
const under = (keys: Keys) => ({ params: { header: header(keys) } });

export const deposit = (amount: string, keys = newKeys()) =>
  call(api.POST("/api/v1/account/deposits", { ...under(keys), body: { amount } }));

export const withdraw = (amount: string, keys = newKeys()) =>
  call(api.POST("/api/v1/account/withdrawals", { ...under(keys), body: { amount } }));

/** One of them at a time. */
export type Choice =
  | { profile: string }
  | { kind: Schemas["Account"]["kind"] }
  | { lot_method: NonNullable<Schemas["Account"]["lot_method"]> };

export const changeAccount = (choice: Choice, keys = newKeys()) =>
  call(api.PATCH("/api/v1/account", { ...under(keys), body: choice }));

export const resetAccount = (starting_cash: string, keys = newKeys()) =>
  call(api.POST("/api/v1/account/reset", { ...under(keys), body: { starting_cash } }));

export function openAccount(
  body: { name: string; kind: Schemas["Account"]["kind"]; profile: string | null },
  keys = newKeys(),
) {
  const params = { header: { "Idempotency-Key": keys.idempotency } };
  return call(api.POST("/api/v1/accounts", { params, body }));
}

/** Not to be sent twice: each time it is another key. */
export const makeKey = (body: { name: string; account_id: string | null; scopes: string[] }) =>
  call(api.POST("/api/v1/api-keys", { body }));

export const revokeKey = (key_id: string) =>
  call(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id } } }));

export const profiles = queryOptions({
  queryKey: ["profiles"],
  queryFn: () => call(api.GET("/api/v1/profiles")),
  staleTime: 300_000,
});

export const accounts = queryOptions({
  queryKey: ["accounts"],
  queryFn: () => call(api.GET("/api/v1/accounts")),
});

export const apiKeys = queryOptions({
  queryKey: ["api-keys"],
  queryFn: () => call(api.GET("/api/v1/api-keys")),
});

/** What whoever runs the server limits the person to. */
export const ownLimits = queryOptions({
  queryKey: ["own-limits"],
  queryFn: () => call(api.GET("/api/v1/account/limits")),
});

const CHARGES = 50;

export const charges = infiniteQueryOptions({
  queryKey: ["charges"],
  queryFn: ({ pageParam }) =>
    call(
      api.GET("/api/v1/account/charges", {
        params: { query: { limit: CHARGES, ...(pageParam && { after: pageParam }) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (last) => (last.length === CHARGES ? last.at(-1)?.id : undefined),
});

/** The year's report as a file. */
export const taxFile = (year: number): Promise<string> =>
  call(
    api.GET("/api/v1/reports/tax", {
      params: { query: { year, format: "csv" } },
      parseAs: "text",
    }),
  ) as Promise<string>;
