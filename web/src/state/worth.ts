/**
 * What a position is worth at the quote of this moment: a long one what the bid pays, a short one what
 * the ask costs, a contract its mark, as the server values them; and what it won since yesterday.
 */
import type { Schemas } from "@/api/client";
import { add, divide, multiply, negate, round, sign, subtract } from "@/lib/decimal";
import type { Account, Position } from "./folds";
import type { Quote, View } from "./ticks";

export interface Worth {
  readonly price: string | null;
  readonly value: string;
  readonly gain: string;
  readonly gainPercent: string | null;
}

export function worth(position: Position, quote: Quote | undefined): Worth {
  const sides = position.side === "long" ? quote?.bid : quote?.ask;
  const price = position.contract ? quote?.contract?.mark_price : sides;
  if (!price) {
    return {
      price: position.current_price,
      value: position.market_value,
      gain: position.unrealized_pl,
      gainPercent: position.unrealized_pl_percent,
    };
  }
  const value = round(multiply(position.qty, price), 2);
  const gain = subtract(value, position.cost_basis);
  const base = position.cost_basis.replace("-", "");
  return { price, value, gain, gainPercent: divide(multiply(gain, "100"), base, 2) };
}

/** The account's equity with its positions at the quotes of this moment. */
export function equityNow(
  account: Account,
  positions: readonly Position[],
  quote: (symbol: string) => Quote | undefined,
): string {
  return positions.reduce(
    (sum, one) => add(sum, subtract(worth(one, quote(one.symbol)).value, one.market_value)),
    account.equity,
  );
}

export type Lot = Schemas["OpenLot"];

/** Whether its lots must be known to tell what it won today: some of it may be of today. */
export function tradedToday(position: Position, view: View | undefined): boolean {
  return !!view?.session_start && position.updated_at >= view.session_start;
}

/**
 * What is held now was worth this when the trading day began: at the close before it (at its open
 * where there is none), and what was bought since, at its cost. Null where that is not known.
 */
export function dayBase(
  position: Position,
  view: View | undefined,
  lots: readonly Lot[] | undefined,
): string | null {
  const before = view?.previous_close ?? view?.open;
  if (!view?.session_start || !before) return null;
  if (!tradedToday(position, view)) return multiply(position.qty, before);
  // Contracts have no lots: when they were opened is not told.
  if (position.contract || lots === undefined) return null;
  const start = view.session_start;
  const base = lots.reduce(
    (sum, one) => add(sum, one.acquired_at >= start ? one.cost : multiply(one.qty, before)),
    "0",
  );
  return sign(position.qty) < 0 ? negate(base) : base;
}

export interface Day {
  readonly gain: string;
  readonly percent: string | null;
}

export function dayGain(value: string, base: string | null): Day | null {
  if (base === null) return null;
  const gain = round(subtract(value, base), 2);
  return { gain, percent: divide(multiply(gain, "100"), base.replace("-", ""), 2) };
}
