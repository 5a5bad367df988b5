/** What the search over everything offers for what was typed. It knows nothing of React. */
import type { Schemas } from "@/api/client";
import type { Icons } from "@/ui/icon";

export interface Choice {
  readonly id: string;
  readonly label: string;
  readonly below?: string;
  readonly icon: Icons;
  /** Its price is shown. */
  readonly symbol?: string;
  readonly keys?: string;
  readonly run: () => void;
}

export interface Group {
  readonly name: string;
  readonly choices: readonly Choice[];
}

export interface Known {
  readonly symbol: string;
  readonly name: string;
  readonly asset_class: string;
}

export interface Wish {
  readonly side: "buy" | "sell" | null;
  readonly qty: string | null;
  readonly text: string;
}

const KINDS: Readonly<Record<string, string>> = {
  us_equity: "Stock",
  crypto: "Coin",
  crypto_perp: "Perpetual",
};
export const SHOWN_MAX = 8;

/** `buy 10 ko`, `sell ko`, or just words. */
export function wishOf(typed: string): Wish {
  const found = /^\s*(buy|sell)\s+(?:(\d+(?:\.\d+)?)\s+)?(.*)$/i.exec(typed);
  if (found === null) return { side: null, qty: null, text: typed.trim().toLowerCase() };
  const side = found[1]?.toLowerCase() === "sell" ? "sell" : "buy";
  return { side, qty: found[2] ?? null, text: (found[3] ?? "").trim().toLowerCase() };
}

/** What trades here, by ticker first; then what the server found besides. */
export function symbolsFor(
  text: string,
  assets: readonly Known[],
  found: readonly Schemas["FoundSymbol"][],
): readonly Known[] {
  if (text === "") return [];
  const rank = ({ symbol, name }: Known): number => {
    const ticker = symbol.toLowerCase();
    if (ticker === text) return 0;
    if (ticker.startsWith(text)) return 1;
    if (name.toLowerCase().startsWith(text)) return 2;
    return `${ticker} ${name.toLowerCase()}`.includes(text) ? 3 : 4;
  };
  const here = assets
    .map((one) => ({ one, at: rank(one) }))
    .filter(({ at }) => at < 4)
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
  const known = new Set(here.map((one) => one.symbol));
  const others = found.filter((one) => one.listed && !known.has(one.symbol));
  return [...here, ...others].slice(0, SHOWN_MAX);
}

export const kindOf = (one: Known): string =>
  `${one.name} · ${KINDS[one.asset_class] ?? one.asset_class}`;

/** Every word that was typed is somewhere in it. */
export function matches(text: string, ...words: readonly string[]): boolean {
  const all = words.join(" ").toLowerCase();
  return text.split(/\s+/).every((one) => all.includes(one));
}
