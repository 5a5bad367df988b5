/** One asset's terms: its increments, its name, whether it trades now. */
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { compare } from "@/lib/decimal";
import { assets } from "./queries";

export type Asset = Schemas["Asset"];

export function useAsset(symbol: string): Asset | undefined {
  return useQuery(assets).data?.find((one) => one.symbol === symbol);
}

/** The smallest step of a price where it is; low prices may have a smaller one. */
export function priceStep(asset: Asset | undefined, at: string | null): string {
  if (asset === undefined) return "0.01";
  if (at === null || compare(at, asset.increment_threshold) >= 0) return asset.price_increment;
  return asset.price_increment_below;
}
