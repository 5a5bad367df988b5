/** Name, price, the day's change, and what the market is doing. */
import { useQuery } from "@tanstack/react-query";
import { percent, price, signedMoney, words } from "@/lib/format";
import type { Asset } from "@/state/instrument";
import { clock } from "@/state/market";
import { snapshots } from "@/state/queries";
import { useQuote, useView } from "@/state/ticks";
import { Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import { Moving } from "@/ui/moving";
import { Notice } from "@/ui/notice";
import { changeOf } from "./change";
import { standing } from "./world";

export const KINDS: Readonly<Record<Asset["asset_class"], string>> = {
  us_equity: "Stock",
  crypto: "Coin",
  crypto_perp: "Perpetual",
};
const PHASES: Readonly<Record<Asset["phase"], string>> = {
  open: "bg-up",
  pre: "bg-warn",
  post: "bg-warn",
  closed: "bg-line-strong",
};

export function Head({ symbol, asset }: { symbol: string; asset: Asset | undefined }) {
  const view = useView(asset ? symbol : "");
  const quote = useQuote(asset ? symbol : "");
  const asked = useQuery({ ...snapshots([symbol]), enabled: asset !== undefined });
  const last = quote?.last ?? view?.last ?? quote?.bid ?? null;
  const change = view && changeOf(view);
  return (
    <div className="min-w-0">
      <h1 className="flex items-baseline gap-2">
        <span className="whitespace-nowrap font-semibold text-base">{symbol}</span>
        <span className="min-w-0 truncate text-soft">{asset?.name}</span>
      </h1>
      {last ? (
        <Moving value={last} className="inline-block font-semibold text-4xl tracking-tight">
          {price(last)}
        </Moving>
      ) : view || asked.isSuccess ? (
        <p className="py-1 font-semibold text-3xl text-soft tracking-tight">No price yet</p>
      ) : (
        <Waiting className="my-1 h-9 w-44" />
      )}
      <p className="flex min-h-6 flex-wrap items-baseline gap-x-1.5">
        {change && (
          <>
            <Change value={change.by} className="live">
              {signedMoney(change.by)} ({percent(change.percent)})
            </Change>
            <span className="text-soft">{change.since}</span>
          </>
        )}
      </p>
      {asset && <Phase asset={asset} />}
    </div>
  );
}

function Phase({ asset }: { asset: Asset }) {
  const { data } = useQuery(clock);
  const now = data ? Date.parse(data.timestamp) : Date.now();
  const found = standing(asset, data?.calendars, now);
  return (
    <p className="flex items-center gap-2 text-soft text-xs">
      <span className={classes("size-2 rounded-full", PHASES[found.phase])} aria-hidden="true" />
      {KINDS[asset.asset_class]} · {asset.exchange} · {found.words}
    </p>
  );
}

/** Why nothing trades, where it does not. */
export function Halted({ symbol }: { symbol: string }) {
  const view = useView(symbol);
  if (!view?.halted) return null;
  return (
    <Notice kind="warn" title={`Trading in ${symbol} is halted`}>
      {view.halt_reason ? `${words(view.halt_reason)}. ` : ""}
      Orders can be placed and canceled; none is filled until trading goes on.
    </Notice>
  );
}
