/**
 * What changes orders and positions: each asked for under keys, so that a repeat is the same. Give
 * them to `useSubmit`, which knows what to do when no answer comes.
 */
import { api, call, type Schemas } from "@/api/client";
import type { Order } from "./folds";
import { type Keys, newKeys } from "./submit";

export type OrderBody = Schemas["OrderBody"];
export type ReplaceBody = Schemas["ReplaceBody"];
export type ProtectionBody = Schemas["ProtectionBody"];
/** Fields that may be left out are left out, as the server has defaults for them. */
export type Draft<T extends object, K extends keyof T = never> = Pick<T, K> & Partial<T>;

const header = ({ account_id, idempotency }: Keys) => ({
  "Idempotency-Key": idempotency,
  ...(account_id !== null && { "X-Account-ID": account_id }),
});

export function place(body: Draft<OrderBody, "symbol" | "side">, keys = newKeys()): Promise<Order> {
  const named = { client_order_id: keys.client_order_id, ...body } as OrderBody;
  return call(api.POST("/api/v1/orders", { params: { header: header(keys) }, body: named }));
}

/** The order that was placed, or put in another's place, under these keys. */
export async function findPlaced(keys: Keys): Promise<Order | null> {
  const query = { client_order_id: keys.client_order_id };
  const { "X-Account-ID": account } = header(keys) as Record<string, string>;
  const params = { query, ...(account && { header: { "X-Account-ID": account } }) };
  const [found] = await call(api.GET("/api/v1/orders", { params }));
  return found ?? null;
}

/** What is left out stays; `qty` is the new total, fills included. */
export function replace(id: string, body: Partial<ReplaceBody>, keys = newKeys()): Promise<Order> {
  const params = { path: { order_id: id }, header: header(keys) };
  const named = { client_order_id: keys.client_order_id, ...body } as ReplaceBody;
  return call(api.PATCH("/api/v1/orders/{order_id}", { params, body: named }));
}

export function cancel(id: string, keys = newKeys()) {
  const params = { path: { order_id: id }, header: header(keys) };
  return call(api.DELETE("/api/v1/orders/{order_id}", { params }));
}

/** All open orders, or those of one symbol. */
export function cancelAll(symbol?: string, keys = newKeys()) {
  const query = symbol === undefined ? {} : { symbol };
  return call(api.DELETE("/api/v1/orders", { params: { query, header: header(keys) } }));
}

/** All of it that no open order holds, or so much of it. */
export function closePosition(
  symbol: string,
  part: { qty?: string; percentage?: string; cancel_orders?: boolean } = {},
  keys = newKeys(),
): Promise<Order> {
  const params = { path: { symbol }, query: part, header: header(keys) };
  return call(api.DELETE("/api/v1/positions/{symbol}", { params }));
}

/** Puts exits on a position, in the place of those that are there. */
export function protect(symbol: string, body: Partial<ProtectionBody>, keys = newKeys()) {
  const params = { path: { symbol }, header: header(keys) };
  const whole = body as ProtectionBody;
  return call(api.PUT("/api/v1/positions/{symbol}/protection", { params, body: whole }));
}

export function unprotect(symbol: string, keys = newKeys()) {
  const params = { path: { symbol }, header: header(keys) };
  return call(api.DELETE("/api/v1/positions/{symbol}/protection", { params }));
}

/** What an order would cost and do now; nothing of it is kept. */
export function preview(body: Draft<OrderBody, "symbol" | "side">, signal?: AbortSignal) {
  const whole = body as OrderBody;
  return call(api.POST("/api/v1/orders/preview", { body: whole, ...(signal && { signal }) }));
}
