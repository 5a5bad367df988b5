/**
 * What a position is worth at the quote of this moment: a long one what the bid pays, a short one what
 * the ask costs, as the server values them. Contracts are valued by the server alone.
 */
import { add, divide, multiply, round, subtract } from "@/lib/decimal";
import type { Account, Position } from "./folds";
import type { Quote } from "./ticks";

export interface Worth {
  readonly price: string | null;
  readonly value: string;
  readonly gain: string;
  readonly gainPercent: string | null;
}

export function worth(position: Position, quote: Quote | undefined): Worth {
  const price = position.side === "long" ? quote?.bid : quote?.ask;
  if (!price || position.contract) {
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
