/** The chart with its settings, and the same bars as a table. */
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";
import { later } from "@/lib/later";
import type { Asset } from "@/state/instrument";
import { IconButton } from "@/ui/button";
import { Waiting } from "@/ui/card";
import { Icon } from "@/ui/icon";
import type { Drawing } from "./chart/drawing";
import { usePrefs } from "./chart/prefs";
import type { Frame } from "./chart/series";
import { Settings } from "./chart/settings";
import { useCandles } from "./chart/use_candles";
import { BarsTable, timeOf } from "./chart/words";
import { Head } from "./head";

const Chart = lazy(() => later(() => import("./chart/chart")));
export function BarsCard({ symbol, asset }: { symbol: string; asset: Asset | undefined }) {
  const frame = usePrefs((prefs) => prefs.frame);
  return (
    <section
      aria-label="Price and chart"
      className="min-w-0 rounded-xl border border-line bg-surface"
    >
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 px-4 pt-4">
        <Head symbol={symbol} asset={asset} />
        <Settings frame={frame} />
      </div>
      {asset ? (
        <Drawn key={`${symbol} ${frame}`} asset={asset} frame={frame} />
      ) : (
        <div className="h-[calc(min(30rem,56vh)+2.75rem)] p-4">
          <Waiting className="h-full" />
        </div>
      )}
    </section>
  );
}

function Drawn({ asset, frame }: { asset: Asset; frame: Frame }) {
  const bars = useCandles(asset.symbol, frame);
  const [table, setTable] = useState(false);
  const drawing = useRef<Drawing | null>(null);
  const lent = bars.before;
  return (
    <>
      <div className="h-[min(30rem,56vh)] pt-2">
        {table ? (
          <BarsTable frame={frame} candles={bars.candles} />
        ) : (
          <Suspense fallback={<Waiting className="mx-4 h-full" />}>
            <Chart asset={asset} frame={frame} bars={bars} drawing={drawing} />
          </Suspense>
        )}
      </div>
      <div className="flex min-h-11 flex-wrap items-center gap-x-4 px-4 pb-1 text-soft text-xs">
        <button
          type="button"
          aria-pressed={table}
          onClick={() => setTable(!table)}
          className="min-h-9 underline underline-offset-2 hover:text-ink max-sm:min-h-11"
        >
          {table ? "Show the chart" : "Show as a table"}
        </button>
        {!table && (
          <span className="-mx-1 flex">
            <Tool label="Earlier" icon="back" onPress={() => drawing.current?.move(-0.5)} />
            <Tool label="Wider" icon="minus" onPress={() => drawing.current?.zoom(0.6)} />
            <Tool label="Closer" icon="plus" onPress={() => drawing.current?.zoom(1.6)} />
            <Tool label="Later" icon="chevron" onPress={() => drawing.current?.move(0.5)} />
            <button
              type="button"
              onClick={() => drawing.current?.toNow()}
              className="min-h-9 rounded-md px-2 font-medium hover:bg-sunken hover:text-ink max-sm:min-h-11"
            >
              Now
            </button>
          </span>
        )}
        <Link
          to="/alerts"
          search={{ new: asset.symbol }}
          className="inline-flex min-h-9 items-center gap-1.5 rounded-md px-2 font-medium hover:bg-sunken hover:text-ink max-sm:min-h-11"
        >
          <Icon name="bell" className="size-4" />
          Alert
        </Link>
        {lent && (
          <span className="min-w-0 flex-1 basis-40">
            {lent.source === "invented" ? "Invented" : `From ${lent.source}`} before{" "}
            {timeOf(lent.time, frame)}
          </span>
        )}
        <span className="ml-auto whitespace-nowrap">
          Charts by{" "}
          <a
            href="https://www.tradingview.com/"
            rel="noopener noreferrer"
            target="_blank"
            className="underline underline-offset-2"
          >
            TradingView
          </a>
        </span>
      </div>
    </>
  );
}

function Tool({
  label,
  icon,
  onPress,
}: {
  label: string;
  icon: "back" | "minus" | "plus" | "chevron";
  onPress: () => void;
}) {
  return (
    <IconButton label={label} className="size-9! max-sm:size-11!" onClick={onPress}>
      <Icon
        name={icon === "back" ? "chevron" : icon}
        className={icon === "back" ? "size-4 rotate-180" : "size-4"}
      />
    </IconButton>
  );
}
