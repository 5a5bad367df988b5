/** The API's words about data, for people. */
import { words } from "@/lib/format";

const KINDS: Record<string, string> = {
  simulated: "made here, by the built-in market",
  recorded: "a recorded day, played back",
  feed: "followed by a feed",
  sent: "sent to the webhook",
};

/** Where a source's prices come from. */
export const kindWords = (kind: string): string => KINDS[kind] ?? words(kind);

const LEFT_OUT: Record<string, string> = {
  wrong: "not a price: zero, negative or too large",
  unknown_instrument: "a symbol that is not listed here",
  too_many_sources: "the symbol has 16 sources already",
  future: "its time is more than 5 seconds ahead: the source's clock is wrong",
  deep_past: "its time is more than a day ago",
  absurd: "too far from the last trade to be believed",
  crossed: "a bid above its own ask",
  duplicate: "said before",
  stale: "older than what the source said last",
};

/** Why a tick did not count; the webhook calls the market's reasons `tick_...`. */
export function leftOutWords(reason: string): string {
  return LEFT_OUT[reason.replace(/^tick_/, "")] ?? words(reason);
}

const PROBLEMS: Record<string, string> = {
  malformed: "it cannot be read",
  unknown_symbol: "a symbol that was not asked for",
  unexpected: "it means nothing here",
  unknown_condition: "a sale condition that no table has; the trade counts",
  out_of_order: "older than what came before it",
  gap: "something was missed",
  refused: "the credentials, or a channel that is not paid for, were refused",
  expired: "what let us in has ended; it connects again",
  limited: "it asked us to wait",
  connection: "not connected, or cut",
  silent: "connected, and nothing came",
  overloaded: "ticks were dropped: more came than could be taken",
};

export const problemWords = (kind: string): string => PROBLEMS[kind] ?? words(kind);

const PARTS: Record<string, string> = {
  door: "Requests",
  engine: "Engine",
  journal: "Journal",
  projections: "Lists and history",
  market: "Market",
  feeds: "Feeds",
};

export const partWords = (name: string): string => PARTS[name] ?? words(name);
