/** One symbol: its price now, its day, its chart, and what is held of it. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { told } from "@/api/problem";
import { divide, multiply, parse, subtract } from "@/lib/decimal";
import { average, compact, percent, price, quantity, signedMoney } from "@/lib/format";
import { later } from "@/lib/later";
import { known } from "@/lib/loadable";
import type { Window } from "@/state/connection";
import { usePositions } from "@/state/live";
import { assets } from "@/state/queries";
import { useQuote, useView, type View } from "@/state/ticks";
import { worth } from "@/state/worth";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented } from "@/ui/choice";
import { Moving } from "@/ui/moving";

const Chart = lazy(() => later(() => import("./chart")));

const WINDOWS: readonly { value: Window; label: string }[] = [
  { value: "1m", label: "1m" },
  { value: "5m", label: "5m" },
  { value: "1h", label: "1h" },
  { value: "1d", label: "1D" },
];

export default function SymbolScreen() {
  const symbol = (useParams({ strict: false }) as { _splat?: string })._splat ?? "";
  const [window, setWindow] = useState<Window>("1m");
  const { data: all, error } = useQuery(assets);
  const asset = all?.find((one) => one.symbol === symbol);
  const view = useView(asset ? symbol : "");
  const quote = useQuote(asset ? symbol : "");
  if (error || (all && !asset)) {
    return (
      <div className="p-4">
        <h1 className="sr-only">{symbol}</h1>
        <Empty title={error ? told(error).wrong : `There is no ${symbol} here`}>
          {error ? told(error).right : "Markets lists every symbol that is traded."}
        </Empty>
      </div>
    );
  }
  const last = quote?.last ?? view?.last ?? quote?.bid ?? null;
  const places = parse(asset?.price_increment ?? "0.01")?.scale ?? 2;
  const change = view && changeOf(view);
  return (
    <div className="mx-auto grid max-w-7xl gap-4 p-3 sm:p-4 lg:p-6 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <section className="min-w-0 overflow-hidden rounded-xl border border-line bg-surface">
        <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 px-4 pt-4">
          <div>
            <h1 className="flex items-baseline gap-2">
              <span className="font-semibold text-base">{symbol}</span>
              <span className="truncate text-soft">{asset?.name}</span>
            </h1>
            {last ? (
              <Moving value={last} className="inline-block font-semibold text-4xl tracking-tight">
                {price(last)}
              </Moving>
            ) : (
              <Waiting className="my-1 h-9 w-44" />
            )}
            <p className="flex h-6 items-baseline gap-1.5">
              {change && (
                <>
                  <Change value={change.by} className="live">
                    {signedMoney(change.by)} ({percent(change.percent)})
                  </Change>
                  <span className="text-soft">{change.since}</span>
                </>
              )}
            </p>
          </div>
          <Segmented
            small
            label="Length of a bar"
            options={WINDOWS}
            value={window}
            onChange={setWindow}
          />
        </div>
        <div className="h-[min(26rem,52vh)] pt-2">
          {asset && (
            <Suspense fallback={<Waiting className="mx-4 h-80" />}>
              <Chart symbol={symbol} window={window} places={places} />
            </Suspense>
          )}
        </div>
        <p className="px-4 pt-1 pb-3 text-right text-soft text-xs">
          Charts by{" "}
          <a
            href="https://www.tradingview.com/"
            rel="noopener noreferrer"
            target="_blank"
            className="underline underline-offset-2"
          >
            TradingView
          </a>
        </p>
      </section>
      <div className="min-w-0 space-y-4">
        <Card title="Quote">
          <div className="grid grid-cols-2 gap-3">
            <Side name="Bid" value={quote?.bid} size={quote?.bid_size} look="text-up" />
            <Side name="Ask" value={quote?.ask} size={quote?.ask_size} look="text-down" />
          </div>
        </Card>
        <Card title="Day">
          <dl className="grid grid-cols-2 gap-x-3 gap-y-2.5">
            <Fact name="Open" value={view && price(view.open)} />
            <Fact name="Volume" value={view && compact(view.volume)} />
            <Fact name="High" value={view && price(view.high)} />
            <Fact name="VWAP" value={view && average(view.vwap)} />
            <Fact name="Low" value={view && price(view.low)} />
            <Fact name="Before" value={view && price(view.previous_close)} />
          </dl>
        </Card>
        <Holding symbol={symbol} />
      </div>
    </div>
  );
}

/** Since yesterday's close, or since today's open where there is none yet. */
function changeOf({ change, change_percent, last, open }: View) {
  if (change !== null && change_percent !== null) {
    return { by: change, percent: change_percent, since: "since the last close" };
  }
  if (last === null || open === null) return null;
  const by = subtract(last, open);
  return { by, percent: divide(multiply(by, "100"), open, 2), since: "since the open" };
}

function Side({
  name,
  value,
  size,
  look,
}: {
  name: string;
  value: string | null | undefined;
  size: string | undefined;
  look: string;
}) {
  return (
    <div>
      <p className="text-soft text-xs">{name}</p>
      {value === undefined ? (
        <Waiting className="h-6 w-20" />
      ) : (
        <Moving value={value} className={`font-semibold text-lg ${look}`}>
          {price(value)}
        </Moving>
      )}
      <p className="live tabular text-soft text-xs">
        {size === undefined ? "" : `${quantity(size)} shown`}
      </p>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  return (
    <div className="flex justify-between gap-2">
      <dt className="text-soft">{name}</dt>
      <dd className="live tabular">{value ?? <Waiting className="h-4 w-14" />}</dd>
    </div>
  );
}

function Holding({ symbol }: { symbol: string }) {
  const positions = known(usePositions());
  const quote = useQuote(symbol);
  const held = positions?.find((one) => one.symbol === symbol);
  if (held === undefined) return null;
  const now = worth(held, quote);
  return (
    <Card title="Your position">
      <dl className="space-y-2">
        <Fact name="Quantity" value={`${quantity(held.qty)} ${held.side}`} />
        <Fact name="Average cost" value={average(held.avg_entry_price)} />
        <div className="flex justify-between gap-2">
          <dt className="text-soft">Unrealized</dt>
          <dd>
            <Change value={now.gain} className="live">
              {signedMoney(now.gain)} ({percent(now.gainPercent)})
            </Change>
          </dd>
        </div>
      </dl>
    </Card>
  );
}
