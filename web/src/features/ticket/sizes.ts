/** Shares of what the account can take, or of what it holds. */
import { compare, divide, multiply, round, toStep, trim } from "@/lib/decimal";
import { preview } from "@/state/commands";
import type { Account, Position } from "@/state/folds";
import { type Asset, type Body, quantityStep } from "./form";

const SURE_DIGITS = 4;
const WITHOUT_LEVERAGE = "4";

export type Most =
  | { readonly is: "most"; readonly qty: string }
  | { readonly is: "none"; readonly why: string };

/** So much of it, in steps in which it is traded; never more. */
export function part(whole: string, percent: string, step: string): string {
  const share = divide(multiply(whole, percent), "100", 9, "down") ?? "0";
  return trim(toStep(share, step, "down"));
}

/** Rounded down to a few digits: prices move while one looks. */
export function roughly(value: string): string {
  const [whole = "0", rest = ""] = value.split(".");
  if (whole.length >= SURE_DIGITS) return whole;
  const leading = whole === "0" ? (/^0*/.exec(rest)?.[0].length ?? 0) : 0;
  const places = SURE_DIGITS - (whole === "0" ? 0 : whole.length) + leading;
  return trim(round(value, places, "down"));
}

/**
 * The most of it that could be ordered now. Nobody but the server knows: asked for more than there is
 * money for, it answers how much it would need and how much there is.
 */
export async function most(body: Body, asset: Asset, account: Account, at: string): Promise<Most> {
  const times = String(asset.contract?.leverage_max ?? WITHOUT_LEVERAGE);
  const guess = divide(multiply(account.buying_power, times), at, 9, "down") ?? "0";
  const capped = compare(guess, asset.max_order_size) > 0 ? asset.max_order_size : guess;
  const qty = trim(toStep(capped, asset.min_trade_increment, "down"));
  if (compare(qty, "0") <= 0) return { is: "none", why: "There is no buying power left." };
  const { notional: _, ...rest } = body;
  const found = await preview({ ...rest, qty });
  const short = found.denials.find((one) => one.code === "exceeds_buying_power");
  if (short?.required && short.available) {
    const fits = divide(multiply(qty, short.available), short.required, 9, "down") ?? "0";
    return { is: "most", qty: roughly(fits) };
  }
  const other = found.denials[0];
  return other ? { is: "none", why: `${other.wrong}: ${other.right}` } : { is: "most", qty };
}

/** The part of a position that an order may still close. */
export function partOf(held: Position, percent: string, asset: Asset | undefined): string {
  const free = held.qty_available.replace("-", "");
  // All of it, to the last crumb.
  if (percent === "100") return trim(free);
  const found = part(free, percent, quantityStep(asset));
  return found === "0" ? part(free, percent, asset?.min_trade_increment ?? "0.000000001") : found;
}
