/** The order in which symbols are listed, and which of them moved most. */
import type { Schemas } from "@/api/client";
import { compare, multiply, sign } from "@/lib/decimal";
import type { Asset } from "@/state/instrument";
import { changeOf } from "./change";

export type Kind = "all" | Asset["asset_class"];
export type By = "symbol" | "price" | "change" | "turnover";

export interface Listed {
  readonly asset: Asset;
  readonly price: string | null;
  /** In percent. */
  readonly change: string | null;
  /** What was traded in the session, in dollars. */
  readonly turnover: string | null;
}

export function listed(
  assets: readonly Asset[],
  snapshots: readonly Schemas["Snapshot"][] | undefined,
): Listed[] {
  const known = new Map(snapshots?.map((one) => [one.symbol, one.ticker]));
  return assets.map((asset) => {
    const view = known.get(asset.symbol);
    const price = view?.last ?? view?.bid ?? null;
    const change = view ? (changeOf(view)?.percent ?? null) : null;
    const turnover = view?.vwap ? multiply(view.vwap, view.volume) : null;
    return { asset, price, change, turnover };
  });
}

/** Of a kind, with the words in ticker or name. */
export function chosen(all: readonly Listed[], kind: Kind, wanted: string): Listed[] {
  const text = wanted.trim().toLowerCase();
  return all.filter(
    ({ asset }) =>
      (kind === "all" || asset.asset_class === kind) &&
      `${asset.symbol} ${asset.name}`.toLowerCase().includes(text),
  );
}

/** What has no figure yet comes last, whichever way it goes. */
export function ranked(all: readonly Listed[], by: By, down: boolean): Listed[] {
  const turn = down ? -1 : 1;
  return [...all].sort((a, b) => {
    const named = a.asset.symbol < b.asset.symbol ? -1 : 1;
    if (by === "symbol") return named * turn;
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return x === y ? named : x === null ? 1 : -1;
    return compare(x, y) * turn || named;
  });
}

/** Those that rose and those that fell most. */
export function movers(all: readonly Listed[], count: number): { up: Listed[]; down: Listed[] } {
  const moved = all.filter((one) => one.change !== null);
  const way = (one: Listed) => sign(one.change ?? "0");
  return {
    up: ranked(moved, "change", true)
      .filter((one) => way(one) > 0)
      .slice(0, count),
    down: ranked(moved, "change", false)
      .filter((one) => way(one) < 0)
      .slice(0, count),
  };
}
