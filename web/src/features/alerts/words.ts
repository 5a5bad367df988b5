/** What an alert waits for, in words. */
import { money, number, price, quantity } from "@/lib/format";
import type { Alert } from "@/state/alerts";

const PRICES = { last: "Price", bid: "Bid", ask: "Offer", mark: "Mark" } as const;
const WAYS = { above: "at or above", below: "at or below", either: "either way" } as const;

export function about(one: Pick<Alert, "symbol">): string {
  return one.symbol ?? "The whole account";
}

export function waitsFor(
  one: Pick<Alert, "kind" | "direction" | "value" | "price" | "since">,
): string {
  if (one.kind === "price") {
    return `${PRICES[one.price ?? "last"]} ${WAYS[one.direction]} ${price(one.value)}`;
  }
  if (one.kind === "volume") return `${quantity(one.value)} traded in the session`;
  if (one.kind === "pnl") {
    const since = one.since === "arming" ? " since armed" : "";
    return `Profit or loss ${WAYS[one.direction]} ${money(one.value)}${since}`;
  }
  const way = { above: "Up", below: "Down", either: "Moves" }[one.direction];
  const since = one.since === "previous_close" ? "on the day" : "since armed";
  return `${way} ${number(one.value)}% ${since}`;
}
