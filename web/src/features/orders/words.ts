/** An order in words for people. */
import { compare, sign } from "@/lib/decimal";
import { money, percent, price, quantity, words } from "@/lib/format";
import type { Order } from "@/state/folds";

export const TYPES: Readonly<Record<string, string>> = {
  market: "Market",
  limit: "Limit",
  stop: "Stop",
  stop_limit: "Stop limit",
  trailing_stop: "Trailing stop",
};

const TIMES: Readonly<Record<Order["time_in_force"], string>> = {
  day: "Day",
  gtc: "Until canceled",
  ioc: "Immediate or cancel",
  fok: "Fill or kill",
  gtd: "Until a date",
  opg: "At the open",
  cls: "At the close",
};

const STATUSES: Readonly<Record<Order["status"], string>> = {
  accepted: "Queued",
  new: "Working",
  partially_filled: "Partly filled",
  filled: "Filled",
  canceled: "Canceled",
  expired: "Expired",
  replaced: "Replaced",
  rejected: "Rejected",
  held: "Waits for entry",
  pending_new: "On its way",
  pending_cancel: "Canceling",
};

/** What a status means, where there is room to say it. */
export const MEANINGS: Readonly<Record<Order["status"], string>> = {
  accepted: "It waits for its trading session to begin.",
  new: "It is in the market and waits for its price.",
  partially_filled: "Some of it is filled; the rest is still working.",
  filled: "All of it is filled.",
  canceled: "What was left of it is canceled.",
  expired: "Its time ended before it was filled.",
  replaced: "A newer order took its place.",
  rejected: "It came to nothing at the venue.",
  held: "It comes alive when its entry is filled.",
  pending_new: "It is on its way to the venue.",
  pending_cancel: "Its cancellation is on its way; until it arrives it may still fill.",
};

export const statusWords = (order: Order): string => STATUSES[order.status];
export const typeWords = (order: Order): string => TYPES[order.type] ?? words(order.type);
export const timeWords = (order: Order): string => TIMES[order.time_in_force];

export function sideWords(order: Order): string {
  if (order.position_intent === "sell_to_open") return "Sell short";
  if (order.position_intent === "buy_to_close") return "Buy to cover";
  return order.side === "buy" ? "Buy" : "Sell";
}

export const titleWords = (order: Order): string =>
  `${sideWords(order)} ${quantity(order.qty)} ${order.symbol}`;

/** What part it has in a bracket or pair; null for an order by itself. */
export function partWords(order: Order): string | null {
  if (!order.parent_id && !order.sibling_id && !order.protects) return null;
  if (order.take_profit_id || order.stop_loss_id) return null;
  return order.type === "limit" ? "Take profit" : "Stop loss";
}

/** What price it waits for. */
export function priceWords(order: Order): string {
  const { type, limit_price, stop_price, trail_price, trail_percent } = order;
  if (type === "limit") return price(limit_price);
  if (type === "stop") return price(stop_price);
  if (type === "stop_limit") return `${price(stop_price)} → ${price(limit_price)}`;
  if (type === "trailing_stop") {
    return trail_percent === null
      ? `by ${price(trail_price)}`
      : `by ${percent(trail_percent).replace(/^\+/, "")}`;
  }
  return "market";
}

/** Why it ended without being filled, if it did. */
export function reasonWords(order: Order): string | null {
  if (order.reason === null) return null;
  const text = words(order.reason);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Fees to the cent, or in full where they are less than one. */
export function feesWords(amount: string): string {
  if (sign(amount) === 0) return "none";
  return compare(amount, "0.01") < 0 ? `$${price(amount)}` : money(amount);
}
