/** Times and rules of the controls in plain words. */
import { price, quantity, words } from "@/lib/format";
import type { Clock, Controlled, Fault, Outcome } from "./asked";

const NEW_YORK = new Intl.DateTimeFormat(undefined, {
  timeZone: "America/New_York",
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

/** A moment as the clocks in New York show it. */
export const newYork = (at: string): string => NEW_YORK.format(new Date(at));

export function speedWords({ speed, going_to, lock_step }: Clock): string {
  if (going_to !== null) return "jumping";
  if (lock_step.on) return "in lock step";
  if (speed === "max") return "as fast as it can";
  if (Number(speed) === 0) return "standing still";
  return Number(speed) === 1 ? "as fast as the wall's" : `${speed} times the wall's`;
}

/** What is done to a symbol, such as "quote 10.00 × 10.10, halted". */
export function controlWords(one: Controlled): string {
  const found: string[] = [];
  if (one.follows === "quote") {
    found.push(
      `quote ${price(one.bid)} (${quantity(one.bid_size)}) × ${price(one.ask)} (${quantity(one.ask_size)})`,
    );
  } else if (one.follows !== null) {
    const end = one.ends_at === null ? "" : ` until ${newYork(one.ends_at)}`;
    found.push(`follows a ${one.follows}${end}`);
  }
  if (Number(one.spread_factor) !== 1) found.push(`spread × ${one.spread_factor}`);
  if (one.empty_side !== null) found.push(`no ${one.empty_side}`);
  if (one.gap_at !== null) found.push("gaps at the next open");
  if (one.halted) found.push("halted");
  return found.join(" · ") || "goes on from here by itself";
}

const KINDS: Record<Fault["kind"], string> = {
  answer: "Answer",
  delay_answer: "Delay answers",
  cut: "Cut the connection",
  drop: "Drop messages",
  duplicate: "Send messages twice",
  delay_message: "Delay messages",
  close: "Close streams",
};

/** A rule in words: what it does, to what, and how often it has. */
export function faultWords(one: Fault): { what: string; of: string } {
  const status = one.status === null ? "" : ` ${one.status}`;
  const late = one.when === "after" ? ", after doing it" : "";
  const at =
    one.stream !== null ? words(one.stream) : [one.method, one.path].filter(Boolean).join(" ");
  const limit = one.count === null ? "" : ` of ${one.count}`;
  const rest = one.over ? " · over" : "";
  return {
    what: `${KINDS[one.kind]}${status}${late}`,
    of: `${at || "anything"} · hit ${one.struck}${limit}${rest}`,
  };
}

/** What is planned, such as "fill 30 at 189.50, then wait". */
export function outcomeWords(one: Outcome): string {
  const found: string[] = [words(one.outcome)];
  if (one.qty !== null) found.push(quantity(one.qty));
  if (one.price !== null) found.push(`at ${price(one.price)}`);
  if (one.delay_ms !== null) found.push(`after ${one.delay_ms} ms`);
  if (one.reason !== null) found.push(`(${one.reason})`);
  if (one.then !== null) found.push(`then ${one.then}`);
  return found.join(" ");
}

/** Which orders it is for, and of how many some are left. */
export function whichOrders(one: Outcome): string {
  const which = [
    one.side,
    one.type === null ? null : words(one.type),
    one.symbol,
    one.client_order_id ?? (one.client_order_id_prefix && `${one.client_order_id_prefix}…`),
    one.part === "order" ? null : words(one.part),
  ].filter(Boolean);
  return `${which.join(" ") || "any order"} · ${one.left} of ${one.count} left`;
}
