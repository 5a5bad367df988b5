/**
 * The list of orders as it is shown: pages of the past with what the stream told laid over them,
 * filtered, sorted, and legs below their entries. Pure functions.
 */
import { compare } from "@/lib/decimal";
import { isOpen, type Order } from "@/state/folds";

export const TABS = ["open", "filled", "ended", "all"] as const;
export type Tab = (typeof TABS)[number];
export const SORTS = ["newest", "oldest", "symbol", "type", "qty", "status"] as const;
export type Sort = (typeof SORTS)[number];

export interface Filter {
  readonly tab: Tab;
  readonly symbol: string;
  readonly side: "" | Order["side"];
  readonly type: "" | Order["type"];
  /** Days in this browser's time zone, `2026-11-20`; "" for open. */
  readonly from: string;
  readonly to: string;
}

export const EVERYTHING: Filter = { tab: "open", symbol: "", side: "", type: "", from: "", to: "" };

export const isFiltered = ({ symbol, side, type, from, to }: Filter): boolean =>
  [symbol, side, type, from, to].some((one) => one !== "");

/** When a day begins here, or the one after it, as the server reads it; undefined for "". */
export function dayBegins(day: string, later = 0): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const begins = new Date(year, month - 1, date + later);
  return Number.isNaN(begins.getTime()) ? undefined : begins.toISOString();
}

function inTab(order: Order, tab: Tab): boolean {
  if (tab === "all") return true;
  if (tab === "open") return isOpen(order);
  if (tab === "filled") return order.status === "filled";
  return !isOpen(order) && order.status !== "filled";
}

export function matches(order: Order, filter: Filter): boolean {
  const { tab, symbol, side, type, from, to } = filter;
  const made = Date.parse(order.created_at);
  const [begin, end] = [dayBegins(from), dayBegins(to, 1)];
  return (
    inTab(order, tab) &&
    (symbol === "" || order.symbol === symbol) &&
    (side === "" || order.side === side) &&
    (type === "" || order.type === type) &&
    (begin === undefined || made >= Date.parse(begin)) &&
    (end === undefined || made < Date.parse(end))
  );
}

/** Pages as they were answered, with what the stream told since laid over them; newest first. */
export function merged(
  pages: readonly (readonly Order[])[],
  live: ReadonlyMap<string, Order>,
  filter: Filter,
): Order[] {
  const found = new Map<string, Order>();
  for (const page of pages) {
    for (const one of page) {
      const now = live.get(one.id);
      const newer = now !== undefined && now.updated_at >= one.updated_at;
      found.set(one.id, newer ? { ...now, legs: one.legs ?? null } : one);
    }
  }
  const missing = [...live.values()].filter((one) => !found.has(one.id));
  const all = missing.length === 0 ? [...found.values()] : [...missing, ...found.values()];
  const kept = all.filter((one) => matches(one, filter));
  return missing.length === 0 ? kept : kept.sort(newestFirst);
}

const newestFirst = (a: Order, b: Order): number =>
  a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const ORDERS: Readonly<Record<Sort, (a: Order, b: Order) => number>> = {
  newest: newestFirst,
  oldest: (a, b) => newestFirst(b, a),
  symbol: (a, b) => text(a.symbol, b.symbol) || newestFirst(a, b),
  type: (a, b) => text(a.type, b.type) || newestFirst(a, b),
  qty: (a, b) => compare(b.qty, a.qty) || newestFirst(a, b),
  status: (a, b) => text(a.status, b.status) || newestFirst(a, b),
};

export function sorted(orders: readonly Order[], by: Sort): readonly Order[] {
  return by === "newest" ? orders : [...orders].sort(ORDERS[by]);
}

/** A row of the list: an order, or a leg below the order that it belongs to. */
export interface Line {
  readonly order: Order;
  readonly leg: boolean;
}

/** Which order of the list another stands below: its entry, or the take-profit of its pair. */
function hostOf(order: Order, all: ReadonlyMap<string, Order>): Order | undefined {
  const entry = order.parent_id ? all.get(order.parent_id) : undefined;
  if (entry !== undefined) return entry;
  const sibling = order.sibling_id ? all.get(order.sibling_id) : undefined;
  if (sibling === undefined || order.type === "limit") return undefined;
  return sibling.type === "limit" ? sibling : undefined;
}

/** The same orders, legs below those that they belong to; `legs` that are told are shown too. */
export function nested(orders: readonly Order[]): Line[] {
  const all = new Map<string, Order>();
  for (const one of orders) {
    for (const leg of one.legs ?? []) if (!all.has(leg.id)) all.set(leg.id, leg);
  }
  for (const one of orders) all.set(one.id, one);
  const below = new Map<string, Order[]>();
  for (const one of all.values()) {
    const host = hostOf(one, all);
    if (host !== undefined) below.set(host.id, [...(below.get(host.id) ?? []), one]);
  }
  const lines: Line[] = [];
  for (const one of orders) {
    if (hostOf(one, all) !== undefined) continue;
    lines.push({ order: one, leg: false });
    const legs = (below.get(one.id) ?? []).sort((a, b) => text(a.type, b.type));
    for (const leg of legs) lines.push({ order: leg, leg: true });
  }
  return lines;
}

export const CSV_HEAD = [
  "id",
  "client_order_id",
  "created_at",
  "symbol",
  "side",
  "type",
  "time_in_force",
  "order_class",
  "qty",
  "limit_price",
  "stop_price",
  "trail_price",
  "trail_percent",
  "filled_qty",
  "filled_avg_price",
  "fees",
  "status",
  "reason",
  "parent_id",
  "replaces",
  "updated_at",
] as const satisfies readonly (keyof Order)[];

export const csvRow = (order: Order): (string | null)[] =>
  CSV_HEAD.map((name) => (order[name] ?? null) as string | null);
