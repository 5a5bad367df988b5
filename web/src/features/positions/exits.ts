/**
 * The exits that are put on a position, as they are typed: what of them is wrong, in words, before
 * they are sent, and what is sent.
 */
import {
  absolute,
  add,
  compare,
  divide,
  multiply,
  negate,
  parse,
  sign,
  subtract,
  toStep,
} from "@/lib/decimal";
import { price, quantity } from "@/lib/format";
import type { ProtectionBody } from "@/state/commands";
import type { Position } from "@/state/folds";

export type StopKind = "none" | "price" | "trail_percent" | "trail_price";

export interface Exits {
  /** Empty: no take-profit. */
  readonly profit: string;
  readonly stop: StopKind;
  readonly stopPrice: string;
  /** Of a stop at a price; empty: it sells at the market. */
  readonly stopLimit: string;
  readonly trail: string;
  /** Empty: all of it. */
  readonly qty: string;
  readonly tif: "gtc" | "day";
}

export interface Wrongs {
  readonly profit: string | null;
  readonly stop: string | null;
  readonly stopLimit: string | null;
  readonly qty: string | null;
}

/** What stands on it now, to be changed. */
export function exitsOf(position: Position): Exits {
  const { take_profit: profit, stop_loss: stop } = position.protection ?? {};
  const qty = profit?.qty ?? stop?.qty ?? "";
  const whole = qty === "" || compare(qty, absolute(position.qty)) === 0;
  return {
    profit: profit?.limit_price ?? "",
    stop: !stop
      ? "none"
      : stop.trail_percent !== null
        ? "trail_percent"
        : stop.trail_price !== null
          ? "trail_price"
          : "price",
    stopPrice: (stop?.trail_percent ?? stop?.trail_price) ? "" : (stop?.stop_price ?? ""),
    stopLimit: stop?.limit_price ?? "",
    trail: stop?.trail_percent ?? stop?.trail_price ?? "",
    qty: whole ? "" : qty,
    tif: (profit ?? stop)?.time_in_force === "day" ? "day" : "gtc",
  };
}

const above = (text: string): boolean => parse(text) !== null && sign(text) > 0;
const PRICE = "Enter a price, such as 12.50.";

/** What is wrong with them; `market` is what a closing order would get now. */
export function wrongs(exits: Exits, position: Position, market: string | null): Wrongs {
  const long = position.side === "long";
  /** Whether a price lies where it wins; null while there is no market. */
  const wins = (at: string) =>
    market === null ? null : long ? compare(at, market) > 0 : compare(at, market) < 0;
  const [better, worse] = long ? ["above", "below"] : ["below", "above"];
  let profit: string | null = null;
  let stop: string | null = null;
  let stopLimit: string | null = null;
  let qty: string | null = null;
  if (exits.profit !== "") {
    if (!above(exits.profit)) profit = PRICE;
    else if (wins(exits.profit) === false) {
      profit = `A profit is taken ${better} the market (${price(market)}): here it would trade at once.`;
    }
  }
  if (exits.stop === "price") {
    if (!above(exits.stopPrice)) stop = PRICE;
    else if (wins(exits.stopPrice) === true || (market && compare(exits.stopPrice, market) === 0)) {
      stop = `A loss is stopped ${worse} the market (${price(market)}): here it would trigger at once.`;
    }
    if (exits.stopLimit !== "") {
      if (!above(exits.stopLimit)) stopLimit = PRICE;
      else if (above(exits.stopPrice)) {
        const far = compare(exits.stopLimit, exits.stopPrice);
        if (long ? far > 0 : far < 0) {
          stopLimit = `Once triggered it would wait: a limit lies at the stop or ${worse} it.`;
        }
      }
    }
  } else if (exits.stop !== "none") {
    const percent = exits.stop === "trail_percent";
    if (!above(exits.trail)) stop = percent ? "Enter a percentage, such as 2.5." : PRICE;
    else if (percent && compare(exits.trail, "100") >= 0) stop = "Enter less than 100%.";
  }
  if (exits.qty !== "") {
    const all = absolute(position.qty);
    if (!above(exits.qty)) qty = "Enter a quantity, or leave it empty for all of it.";
    else if (compare(exits.qty, all) > 0) qty = `You hold ${quantity(all)}.`;
  }
  return { profit, stop, stopLimit, qty };
}

export const isEmpty = (exits: Exits): boolean => exits.profit === "" && exits.stop === "none";

export function bodyOf(exits: Exits): Partial<ProtectionBody> {
  const body: Partial<ProtectionBody> = { time_in_force: exits.tif };
  if (exits.profit !== "") body.take_profit = { limit_price: exits.profit };
  if (exits.stop === "price") {
    body.stop_loss = {
      stop_price: exits.stopPrice,
      ...(exits.stopLimit !== "" && { limit_price: exits.stopLimit }),
    };
  } else if (exits.stop !== "none") {
    body.stop_loss = { [exits.stop]: exits.trail };
  }
  if (exits.qty !== "") body.qty = exits.qty;
  return body;
}

/** A price so many percent better (or, below zero, worse) for the position than `market`. */
export function away(market: string, percent: string, long: boolean, step: string): string {
  const by = divide(multiply(market, long ? percent : negate(percent)), "100", 8) ?? "0";
  return toStep(add(market, by), step);
}

/** What closing so much of it at a price wins, before fees; null where none of it can be told. */
export function wonAt(position: Position, at: string, qty: string): string | null {
  if (!above(at)) return null;
  const each = subtract(at, position.avg_entry_price);
  const size = above(qty) ? qty : absolute(position.qty);
  return multiply(position.side === "long" ? each : negate(each), size);
}
