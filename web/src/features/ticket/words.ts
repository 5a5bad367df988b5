/** The API's names in a person's words; a name that is not here is shown as it is. */
import { moment, money, price, quantity, words } from "@/lib/format";
import type { Asset, Body, Form, Loss } from "./form";

const FIELDS: Record<string, string> = {
  qty: "Quantity",
  notional: "Amount",
  limit_price: "Limit price",
  stop_price: "Stop price",
  trail_price: "Trail by an amount",
  trail_percent: "Trail by a percentage",
  expires_at: "Good until",
  "take_profit.limit_price": "Take profit at",
  "stop_loss.stop_price": "Stop loss at",
  "stop_loss.limit_price": "But not beyond",
  "stop_loss.trail_price": "Stop loss trails by",
  "stop_loss.trail_percent": "Stop loss trails by",
};
const TIMES: Record<string, readonly [string, string]> = {
  day: ["Day", "Until the trading day ends."],
  gtc: ["Until canceled", "GTC: until it is filled or you cancel it."],
  gtd: ["Until a date", "GTD: until the date you name."],
  ioc: ["At once, or part", "IOC: what cannot be filled at once is canceled."],
  fok: ["At once, or not", "FOK: all of it at once, or nothing."],
  opg: ["At the open", "OPG: in the opening auction only."],
  cls: ["At the close", "CLS: in the closing auction only."],
};
const CLASSES: Record<string, readonly [string, string]> = {
  simple: ["None", ""],
  bracket: ["Bracket", "When it is filled, a take-profit and a stop-loss; one cancels the other."],
  oto: ["One exit", "OTO: when it is filled, a take-profit or a stop-loss."],
  oco: ["Stop-loss too", "OCO: this order takes the profit; it or the stop-loss, never both."],
};
const LOSSES: Record<Loss, string> = {
  stop: "At a price",
  stop_limit: "With a limit",
  trail_price: "Trailing, $",
  trail_percent: "Trailing, %",
};
const FLAGS: Record<string, readonly [string, string]> = {
  extended_hours: ["Extended hours", "Also before and after the regular session."],
  reduce_only: ["Reduce only", "It may make the position smaller, never turn it around."],
  post_only: ["Post only", "It waits in the book, or is refused; it takes nothing."],
  locate: ["Borrow what is hard to borrow", "Selling these shares short costs a fee."],
};
const FEES: Record<string, string> = {
  sec_section_31: "SEC fee",
  finra_taf: "FINRA fee",
  crypto_taker: "Taker fee",
  crypto_maker: "Maker fee",
};

export const fieldWords = (name: string): string => FIELDS[name] ?? words(name);
export const timeWords = (name: string) => TIMES[name] ?? ([words(name), ""] as const);
export const classWords = (name: string) => CLASSES[name] ?? ([words(name), ""] as const);
export const lossWords = (name: Loss): string => LOSSES[name];
export const flagWords = (name: string) => FLAGS[name] ?? ([words(name), ""] as const);
export const feeWords = (kind: string): string => FEES[kind] ?? words(kind);

/** What a quantity of it counts. */
export function unitOf(asset: Asset | undefined): string {
  if (asset?.asset_class === "crypto") return asset.symbol.split("/")[0] ?? "";
  return asset?.contract ? "contracts" : "shares";
}

/** What is ordered, as the button says it: "Buy 10 AAPL". */
export function orderWords(verb: string, body: Body): string {
  if (body.notional != null) return `${verb} ${money(String(body.notional))} of ${body.symbol}`;
  return `${verb} ${quantity(String(body.qty))} ${body.symbol}`;
}

const text = (value: string | number | null | undefined) => price(String(value));

/** Until when, as the second look says it. */
export function untilWords(form: Form): string {
  if (form.time_in_force === "gtd") {
    const at = new Date(form.values.expires_at ?? "");
    if (!Number.isNaN(at.getTime())) return `Until ${moment(at.toISOString())}`;
  }
  return timeWords(form.time_in_force)[1].replace(/\.$/, "") || words(form.time_in_force);
}

/** How it is traded: "at market", "at 10.00 or better". */
export function termsWords(form: Form, body: Body): string {
  const worse = form.side === "buy" ? "or less" : "or more";
  if (form.type === "limit") return `at ${text(body.limit_price)} ${worse}`;
  if (form.type === "stop") return `at market, once it trades at ${text(body.stop_price)}`;
  if (form.type === "stop_limit")
    return `at ${text(body.limit_price)} ${worse}, once it trades at ${text(body.stop_price)}`;
  if (form.type !== "trailing_stop") return "at market";
  const by = body.trail_percent ? `${body.trail_percent}%` : text(body.trail_price);
  return `at market, once it turns by ${by}`;
}

/** The exits, one line each. */
export function exitWords(body: Body): readonly string[] {
  const found: string[] = [];
  const { take_profit: profit, stop_loss: loss } = body;
  if (profit) found.push(`Take profit at ${text(profit.limit_price)}`);
  if (loss?.stop_price) {
    const limit = loss.limit_price ? `, not beyond ${text(loss.limit_price)}` : "";
    found.push(`Stop loss at ${text(loss.stop_price)}${limit}`);
  }
  if (loss?.trail_price) found.push(`Stop loss ${text(loss.trail_price)} behind the market`);
  if (loss?.trail_percent) found.push(`Stop loss ${loss.trail_percent}% behind the market`);
  return found;
}

/** Two numbers that do not fit, as what they are: of the account, or at a field. */
export function gapWords(
  field: string | null,
  required: string | null,
  available: string | null,
): string {
  if (required === null || available === null) return "";
  if (field === null) return ` (${money(required)} needed, ${money(available)} there)`;
  const write = field === "qty" ? quantity : price;
  return ` (${write(required)} against ${write(available)})`;
}
