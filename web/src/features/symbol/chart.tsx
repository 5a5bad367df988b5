/** Candles and volume; the last bar moves. What it shows is said in words above it. */
import { useQuery } from "@tanstack/react-query";
import {
  CandlestickSeries,
  ColorType,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import { toNumber } from "@/lib/decimal";
import type { Window } from "@/state/connection";
import { barsBefore } from "@/state/queries";
import { onThemeChange } from "@/state/theme";
import { type Bar, useBar } from "@/state/ticks";
import { colors, faded } from "@/ui/colors";

interface Drawing {
  readonly chart: IChartApi;
  readonly candles: ISeriesApi<"Candlestick">;
  readonly volume: ISeriesApi<"Histogram">;
}

const HERE = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export default function Chart({
  symbol,
  window,
  places,
}: {
  symbol: string;
  window: Window;
  /** Decimal places of the price axis. */
  places: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const { data } = useQuery(barsBefore(symbol, window));
  const live = useBar(symbol, window);

  useEffect(() => {
    if (place.current === null) return;
    const made = draw(place.current, window, places);
    const paint = () => looks(made);
    paint();
    const stop = onThemeChange(paint);
    setDrawing(made);
    return () => {
      stop();
      made.chart.remove();
      setDrawing(null);
    };
  }, [window, places]);

  useEffect(() => {
    if (drawing === null || data === undefined) return;
    const found = data.bars.filter(isDrawn);
    drawing.candles.setData(found.map(candle));
    drawing.volume.setData(found.map(column));
    drawing.chart.timeScale().scrollToRealTime();
  }, [drawing, data]);

  useEffect(() => {
    if (drawing === null || data === undefined || live === undefined || !isDrawn(live)) return;
    const last = drawing.candles.data().at(-1)?.time as number | undefined;
    // A late correction of an older bar comes with the next whole answer.
    if (last !== undefined && seconds(live) < last) return;
    drawing.candles.update(candle(live));
    drawing.volume.update(column(live));
  }, [drawing, data, live]);

  return <div ref={place} aria-hidden="true" className="h-full" />;
}

type DrawnBar = Bar & { open: string; high: string; low: string; close: string };

const isDrawn = (bar: Bar): bar is DrawnBar =>
  bar.open !== null && bar.high !== null && bar.low !== null && bar.close !== null;
const seconds = (bar: Bar) => Math.floor(Date.parse(bar.start) / 1000) as UTCTimestamp;

function candle(bar: DrawnBar) {
  return {
    time: seconds(bar),
    open: toNumber(bar.open),
    high: toNumber(bar.high),
    low: toNumber(bar.low),
    close: toNumber(bar.close),
  };
}

function column(bar: DrawnBar) {
  return { time: seconds(bar), value: toNumber(bar.volume) };
}

function draw(box: HTMLElement, window: Window, places: number): Drawing {
  const byDay = window === "1d";
  const chart = createChart(box, {
    autoSize: true,
    // Its own mark would need an inline style, which the page's policy forbids; the screen links it.
    layout: { attributionLogo: false, fontFamily: "Inter, system-ui, sans-serif", fontSize: 11 },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.08, bottom: 0.24 } },
    timeScale: {
      borderVisible: false,
      timeVisible: !byDay,
      rightOffset: 4,
      barSpacing: 8,
      tickMarkFormatter: (time: number, kind: number) =>
        (kind <= 2 ? DAY : HERE).format(new Date(time * 1000)),
    },
    localization: {
      timeFormatter: (time: number) => {
        const date = new Date(time * 1000);
        return byDay ? DAY.format(date) : `${DAY.format(date)} ${HERE.format(date)}`;
      },
    },
  });
  const candles = chart.addSeries(CandlestickSeries, {
    priceFormat: { type: "price", precision: places, minMove: 10 ** -places },
    borderVisible: false,
  });
  const volume = chart.addSeries(HistogramSeries, {
    priceFormat: { type: "volume" },
    priceScaleId: "",
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  return { chart, candles, volume };
}

function looks({ chart, candles, volume }: Drawing): void {
  const color = colors();
  const rule = { color: color.line };
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: color.surface }, textColor: color.soft },
    grid: { vertLines: rule, horzLines: rule },
  });
  candles.applyOptions({
    upColor: color.up,
    downColor: color.down,
    wickUpColor: color.up,
    wickDownColor: color.down,
  });
  volume.applyOptions({ color: faded(color.soft, 0.35) });
}
