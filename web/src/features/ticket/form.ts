/**
 * What is filled in, what the server's table of order types (`GET /order-types`) makes of it, and the
 * order that comes out: pure. Which types, classes and times in force there are stands in that table.
 */
import type { Schemas } from "@/api/client";
import { compare, parse, sign } from "@/lib/decimal";
import type { Draft, OrderBody } from "@/state/commands";
import type { Position } from "@/state/folds";

export type Terms = Schemas["OrderTypeTerms"];
export type Asset = Schemas["Asset"];
export type Side = "buy" | "sell";
export type Body = Draft<OrderBody, "symbol" | "side">;
export type Flag = "extended_hours" | "reduce_only" | "post_only" | "locate";
/** How a stop-loss is made: at a price, with a limit, or following the market. */
export type Loss = "stop" | "stop_limit" | "trail_price" | "trail_percent";
export const LOSSES: readonly Loss[] = ["stop", "stop_limit", "trail_price", "trail_percent"];

export interface Form {
  readonly symbol: string;
  readonly side: Side;
  readonly type: Terms["type"];
  readonly order_class: Terms["order_classes"][number];
  readonly time_in_force: Terms["times_in_force"][number];
  /** By the name of the field, a leg's as `stop_loss.stop_price`; also what is not shown now. */
  readonly values: Readonly<Record<string, string>>;
  /** Of fields that exclude each other those that were chosen. */
  readonly chosen: readonly string[];
  /** The one exit of an `oto`. */
  readonly exit: "take_profit" | "stop_loss";
  readonly loss: Loss;
  readonly flags: Readonly<Partial<Record<Flag, boolean>>>;
}

export const blank = (symbol: string): Form => ({
  symbol,
  side: "buy",
  type: "market",
  order_class: "simple",
  time_in_force: "day",
  values: {},
  chosen: [],
  exit: "take_profit",
  loss: "stop",
  flags: {},
});

/** What the form looks like with these terms. */
export interface Shape {
  readonly terms: Terms;
  /** One field of each group is filled in. */
  readonly groups: readonly { readonly names: readonly string[]; readonly name: string }[];
  readonly classes: Terms["order_classes"];
  readonly times: Terms["times_in_force"];
  readonly flags: readonly Flag[];
  readonly exits: readonly ("take_profit" | "stop_loss")[];
  /** Every field that has to be filled in, in the order of the page. */
  readonly names: readonly string[];
}

const EXITS = {
  simple: [],
  bracket: ["take_profit", "stop_loss"],
  // It is itself the take-profit.
  oco: ["stop_loss"],
} as const;

const LOSS_FIELDS: Record<Loss, readonly string[]> = {
  stop: ["stop_loss.stop_price"],
  stop_limit: ["stop_loss.stop_price", "stop_loss.limit_price"],
  trail_price: ["stop_loss.trail_price"],
  trail_percent: ["stop_loss.trail_percent"],
};
const AUCTIONS = new Set(["opg", "cls"]);

/** A form that its terms allow: what does not go with the rest gives way. */
export function fitted(form: Form, all: readonly Terms[], asset: Asset | undefined): Form {
  const terms = all.find((one) => one.type === form.type) ?? all[0];
  if (terms === undefined) return form;
  const order_class = terms.order_classes.includes(form.order_class) ? form.order_class : "simple";
  const simple = order_class === "simple";
  const coin = asset !== undefined && asset.asset_class !== "us_equity";
  const flags = {
    ...form.flags,
    extended_hours:
      !!form.flags.extended_hours &&
      terms.extended_hours &&
      simple &&
      asset?.extended_hours !== false,
    post_only: !!form.flags.post_only && terms.post_only && simple && coin,
  };
  const next = { ...form, type: terms.type, order_class, flags };
  const times = timesOf(next, terms, asset);
  const time_in_force = times.includes(form.time_in_force)
    ? form.time_in_force
    : (times[0] ?? form.time_in_force);
  return { ...next, time_in_force };
}

function timesOf(form: Form, terms: Terms, asset: Asset | undefined): Terms["times_in_force"] {
  const lasting =
    form.order_class !== "simple" || form.flags.extended_hours || form.flags.post_only;
  const times = lasting ? terms.lasting_times_in_force : terms.times_in_force;
  return times.filter((one) => asset?.auctions !== false || !AUCTIONS.has(one));
}

/** The position that an order on this side would close, in part or whole. */
export function closes(side: Side, held: Position | undefined): boolean {
  return held !== undefined && held.side === (side === "sell" ? "long" : "short");
}

export function shapeOf(
  form: Form,
  all: readonly Terms[],
  asset: Asset | undefined,
  held: Position | undefined,
): Shape | null {
  const terms = all.find((one) => one.type === form.type);
  if (terms === undefined) return null;
  const simple = form.order_class === "simple";
  const groups = terms.needs.map((all) => {
    const names = all.filter(
      (one) => one !== "notional" || (simple && asset?.fractionable !== false),
    );
    const name = names.find((one) => form.chosen.includes(one)) ?? names[0] ?? "";
    return { names, name };
  });
  const exits = form.order_class === "oto" ? [form.exit] : EXITS[form.order_class];
  const coin = asset !== undefined && asset.asset_class !== "us_equity";
  const short = form.side === "sell" && !closes("sell", held);
  const flags: Flag[] = [];
  if (terms.extended_hours && simple && asset?.extended_hours) flags.push("extended_hours");
  if (terms.post_only && simple && coin) flags.push("post_only");
  if (simple && (held !== undefined || asset?.contract)) flags.push("reduce_only");
  if (short && asset?.shortable && !asset.contract && !asset.easy_to_borrow) flags.push("locate");
  const legs = exits.flatMap((one) =>
    one === "take_profit" ? ["take_profit.limit_price"] : LOSS_FIELDS[form.loss],
  );
  const times = timesOf(form, terms, asset);
  const until = form.time_in_force === "gtd" ? ["expires_at"] : [];
  const names = [...groups.map(({ name }) => name), ...until, ...legs];
  return { terms, groups, classes: terms.order_classes, times, flags, exits, names };
}

/** What is wrong with what is filled in, by field; an empty field is not wrong, only missing. */
export function mistakes(form: Form, shape: Shape): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of shape.names) {
    const value = form.values[name] ?? "";
    if (value === "" || name === "expires_at") continue;
    if (parse(value) === null) found[name] = "Write a number, such as 10 or 0.25.";
    else if (sign(value) <= 0) found[name] = "It has to be more than nothing.";
    else if (name.endsWith("percent") && compare(value, "100") >= 0)
      found[name] = "It has to be less than 100%.";
  }
  return found;
}

export const missing = (form: Form, shape: Shape): readonly string[] =>
  shape.names.filter((one) => (form.values[one] ?? "") === "");

/** The order, or null while something is missing or wrong. */
export function bodyOf(form: Form, shape: Shape): Body | null {
  if (missing(form, shape).length > 0 || Object.keys(mistakes(form, shape)).length > 0) return null;
  const body: Record<string, unknown> = {
    symbol: form.symbol,
    side: form.side,
    type: form.type,
    time_in_force: form.time_in_force,
  };
  if (form.order_class !== "simple") body.order_class = form.order_class;
  for (const name of shape.names) {
    const value = form.values[name] ?? "";
    const [first = "", rest] = name.split(".");
    if (rest !== undefined) body[first] = { ...(body[first] as object), [rest]: value };
    else body[name] = name === "expires_at" ? instant(value) : value;
  }
  for (const flag of shape.flags) if (form.flags[flag]) body[flag] = true;
  return body as unknown as Body;
}

function instant(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? local : at.toISOString();
}

/** The field of the form that a refusal is about; null where it is about the order as a whole. */
export function fieldOf(said: string | null, shape: Shape): string | null {
  if (said === null) return null;
  if (shape.names.includes(said)) return said;
  if (said === "qty" || said === "notional") return shape.groups[0]?.name ?? null;
  const leg = shape.names.find((one) => one.startsWith(`${said}.`));
  // An oco is its own take-profit.
  return leg ?? (said === "take_profit" && shape.exits.length > 0 ? "limit_price" : null);
}

/** What a press of the button does. */
export function verbOf(side: Side, held: Position | undefined, mayShort = true): string {
  if (side === "buy") return closes("buy", held) ? "Buy to cover" : "Buy";
  return closes("sell", held) || !mayShort ? "Sell" : "Sell short";
}

/** By how much a price goes up at this price. */
export function priceStep(asset: Asset | undefined, value: string | undefined): string {
  if (asset === undefined) return "0.01";
  const below =
    value !== undefined && parse(value) !== null && compare(value, asset.increment_threshold) < 0;
  return below ? asset.price_increment_below : asset.price_increment;
}

export function quantityStep(asset: Asset | undefined): string {
  return asset === undefined || asset.asset_class === "us_equity" ? "1" : asset.round_lot;
}
