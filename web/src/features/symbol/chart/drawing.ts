/**
 * The canvas: what is shown is given whole, and only what changed is drawn anew. It knows nothing of
 * React; whoever lays something over it is told of every repaint.
 */
import {
  AreaSeries,
  type AutoscaleInfo,
  type BarPrice,
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { toNumber } from "@/lib/decimal";
import { type Colors, colors, faded } from "@/ui/colors";
import type { Candle, Dot } from "./series";

export type Overlay = "short" | "long" | "vwap";

export interface Mark {
  readonly time: number;
  readonly side: "buy" | "sell";
  readonly text: string;
}

export interface Level {
  readonly id: string;
  readonly price: number;
  readonly look: "buy" | "sell" | "position";
  readonly pending: boolean;
}

export interface Shown {
  readonly candles: readonly Candle[];
  readonly kind: "candles" | "line";
  readonly volume: boolean;
  readonly overlays: ReadonlyMap<Overlay, readonly Dot[]>;
  readonly marks: readonly Mark[];
  readonly levels: readonly Level[];
  /** Prices that the axis reaches to. */
  readonly reach: readonly number[];
}

interface Options {
  readonly places: number;
  readonly byDay: boolean;
  readonly bySecond: boolean;
  /** After every repaint. */
  readonly painted: () => void;
  /** The bar under the pointer, if any. */
  readonly pointed: (time: number | null) => void;
  /** The oldest bars come into sight. */
  readonly atStart: () => void;
}

type Main = ISeriesApi<"Candlestick"> | ISeriesApi<"Area">;

const ZONE = { timeZone: "UTC" } as const;
const SHORT_DAY = { day: "numeric", month: "short" } as const;
const CLOCK = { hour: "2-digit", minute: "2-digit", hour12: false } as const;
const NEAR_START = 40;

export class Drawing {
  readonly #chart: IChartApi;
  readonly #options: Options;
  #main: Main | null = null;
  #kind: Shown["kind"] | null = null;
  #volume: ISeriesApi<"Histogram">;
  #overlays = new Map<Overlay, ISeriesApi<"Line">>();
  #marks: ISeriesMarkersPluginApi<Time> | null = null;
  #lines = new Map<string, IPriceLine>();
  #shown: Shown | null = null;
  #colors: Colors = colors();

  constructor(box: HTMLElement, options: Options) {
    this.#options = options;
    this.#chart = createChart(box, this.#layout());
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceFormat: { type: "volume" },
      priceScaleId: "",
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.#chart.subscribeCrosshairMove(({ time }) =>
      options.pointed(typeof time === "number" ? time : null),
    );
    this.#chart.subscribeDblClick(() => this.toNow());
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < NEAR_START) options.atStart();
    });
    this.look();
  }

  remove(): void {
    this.#chart.remove();
  }

  /** The theme as it is now. */
  look(): void {
    this.#colors = colors();
    const { line, soft, surface } = this.#colors;
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: surface }, textColor: soft },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
    });
    this.#lookOfMain();
    for (const [name, series] of this.#overlays) series.applyOptions(this.#lookOf(name));
    const shown = this.#shown;
    if (shown === null) return;
    this.#shown = null;
    this.show(shown);
  }

  show(shown: Shown): void {
    const before = this.#shown;
    this.#shown = shown;
    const main = this.#mainOf(shown.kind);
    const fresh = before === null || before.kind !== shown.kind;
    const from = fresh ? -1 : sameUntil(before.candles, shown.candles);
    if (from < 0) main.setData(shown.candles.map((one) => this.#point(one)) as never);
    else for (const one of shown.candles.slice(from)) main.update(this.#point(one) as never);
    this.#showVolume(shown, fresh || before.volume !== shown.volume ? -1 : from);
    this.#showOverlays(shown, from);
    if (fresh || before.marks !== shown.marks) this.#showMarks(shown.marks);
    if (fresh || before.levels !== shown.levels) this.#showLevels(shown.levels);
    if (before?.reach !== shown.reach) this.#chart.priceScale("right").setAutoScale(true);
    if (before === null || before.candles.length === 0) this.toNow();
  }

  /** The newest bars, as many as there is room for. */
  toNow(): void {
    const count = this.#shown?.candles.length ?? 0;
    const scale = this.#chart.timeScale();
    const room = Math.max(40, Math.floor(scale.width() / 8));
    // Few bars stand at the left, and leave room for those that come.
    const from = Math.max(-0.5, count - room);
    scale.setVisibleLogicalRange({ from, to: Math.max(count + 4, 60) });
  }

  /** Further in (above 1) or out. */
  zoom(by: number): void {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (range === null) return;
    const width = Math.max(10, (range.to - range.from) / by);
    scale.setVisibleLogicalRange({ from: range.to - width, to: range.to });
  }

  /** Along, by a share of what is seen; below zero to what was earlier. */
  move(share: number): void {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    if (range === null) return;
    const by = (range.to - range.from) * share;
    scale.setVisibleLogicalRange({ from: range.from + by, to: range.to + by });
  }

  /** Where a price is, in pixels from the top; null while nothing is drawn. */
  top(price: number): number | null {
    return this.#main?.priceToCoordinate(price) ?? null;
  }

  price(top: number): number | null {
    return this.#main?.coordinateToPrice(top) ?? null;
  }

  /** What the pane takes, without the axes. */
  room(): { width: number; height: number } {
    const { width, height } = this.#chart.paneSize();
    return { width, height };
  }

  #layout() {
    const { byDay, bySecond } = this.#options;
    const day = new Intl.DateTimeFormat(undefined, { ...SHORT_DAY, ...(byDay && ZONE) });
    const year = new Intl.DateTimeFormat(undefined, { year: "numeric", ...(byDay && ZONE) });
    const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", ...ZONE });
    const hour = new Intl.DateTimeFormat(undefined, {
      ...CLOCK,
      ...(bySecond && { second: "2-digit" }),
    });
    return {
      autoSize: true,
      // Its own mark would need an inline style, which the page's policy forbids; the screen links it.
      layout: { attributionLogo: false, fontFamily: "Inter, system-ui, sans-serif", fontSize: 11 },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.22 } },
      timeScale: {
        borderVisible: false,
        timeVisible: !byDay,
        secondsVisible: bySecond,
        rightOffset: 4,
        barSpacing: 8,
        tickMarkFormatter: (time: number, kind: number) =>
          (kind === 0 ? year : kind <= 2 ? day : hour).format(new Date(time * 1000)),
      },
      localization: {
        timeFormatter: (time: number) => {
          const date = new Date(time * 1000);
          return byDay ? full.format(date) : `${day.format(date)} ${hour.format(date)}`;
        },
      },
      handleScroll: { vertTouchDrag: false },
    };
  }

  #mainOf(kind: Shown["kind"]): Main {
    if (this.#main !== null && this.#kind === kind) return this.#main;
    if (this.#main !== null) this.#chart.removeSeries(this.#main);
    this.#kind = kind;
    this.#lines.clear();
    const { places } = this.#options;
    const shared = {
      priceFormat: { type: "price", precision: places, minMove: 10 ** -places },
      autoscaleInfoProvider: (usual: () => AutoscaleInfo | null) => this.#reached(usual()),
    } as const;
    const main: Main =
      kind === "candles"
        ? this.#chart.addSeries(CandlestickSeries, { ...shared, borderVisible: false })
        : this.#chart.addSeries(AreaSeries, { ...shared, lineWidth: 2 });
    this.#main = main;
    this.#marks = createSeriesMarkers(main as ISeriesApi<"Candlestick">, [], { autoScale: false });
    const { painted } = this.#options;
    main.attachPrimitive({
      paneViews: () => [{ renderer: () => ({ draw: painted }), zOrder: () => "top" }],
    });
    this.#lookOfMain();
    return main;
  }

  #reached(usual: AutoscaleInfo | null): AutoscaleInfo | null {
    const reach = this.#shown?.reach ?? [];
    if (usual?.priceRange == null || reach.length === 0) return usual;
    const { minValue, maxValue } = usual.priceRange;
    return {
      ...usual,
      priceRange: {
        minValue: Math.min(minValue, ...reach),
        maxValue: Math.max(maxValue, ...reach),
      },
    };
  }

  #lookOfMain(): void {
    const { up, down, accent } = this.#colors;
    if (this.#kind === "candles") {
      this.#main?.applyOptions({
        upColor: up,
        downColor: down,
        wickUpColor: up,
        wickDownColor: down,
      });
    } else {
      this.#main?.applyOptions({
        lineColor: accent,
        topColor: faded(accent, 0.22),
        bottomColor: faded(accent, 0),
      });
    }
  }

  #point(one: Candle) {
    const time = one.time as UTCTimestamp;
    const close = toNumber(one.close);
    if (this.#kind === "line") return { time, value: close };
    const [open, high, low] = [toNumber(one.open), toNumber(one.high), toNumber(one.low)];
    return { time, open, high, low, close };
  }

  #showVolume({ candles, volume }: Shown, from: number): void {
    const { up, down } = this.#colors;
    const column = (one: Candle) => ({
      time: one.time as UTCTimestamp,
      value: toNumber(one.volume),
      color: faded(toNumber(one.close) < toNumber(one.open) ? down : up, 0.32),
    });
    if (from < 0) this.#volume.setData(volume ? candles.map(column) : []);
    else if (volume) for (const one of candles.slice(from)) this.#volume.update(column(one));
  }

  #showOverlays({ overlays, candles }: Shown, from: number): void {
    for (const [name, series] of this.#overlays) {
      if (overlays.has(name)) continue;
      this.#chart.removeSeries(series);
      this.#overlays.delete(name);
    }
    for (const [name, dots] of overlays) {
      let series = this.#overlays.get(name);
      const since = from < 0 || series === undefined ? null : (candles[from]?.time ?? null);
      if (series === undefined) {
        series = this.#chart.addSeries(LineSeries, {
          lineWidth: 2,
          lastValueVisible: false,
          priceLineVisible: false,
          crosshairMarkerVisible: false,
          // It is drawn where there is room for it, and takes none.
          autoscaleInfoProvider: () => null,
          ...this.#lookOf(name),
        });
        this.#overlays.set(name, series);
      }
      const points = (
        since === null ? dots : dots.slice(-2).filter((dot) => dot.time >= since)
      ).map(({ time, value }) => ({ time: time as UTCTimestamp, value }));
      if (since === null) series.setData(points);
      else for (const point of points) series.update(point);
    }
  }

  #lookOf(name: Overlay) {
    const { warn, accent, soft } = this.#colors;
    const looks = {
      short: { color: warn, lineStyle: LineStyle.Solid },
      long: { color: accent, lineStyle: LineStyle.Dashed },
      vwap: { color: soft, lineStyle: LineStyle.Dotted },
    } as const;
    return looks[name];
  }

  #showMarks(marks: readonly Mark[]): void {
    const { up, down } = this.#colors;
    const found = marks.map((one): SeriesMarker<Time> => {
      const bought = one.side === "buy";
      return {
        time: one.time as UTCTimestamp,
        position: bought ? "belowBar" : "aboveBar",
        shape: bought ? "arrowUp" : "arrowDown",
        color: bought ? up : down,
        text: one.text,
      };
    });
    this.#marks?.setMarkers(found);
  }

  #showLevels(levels: readonly Level[]): void {
    const { up, down, soft, surface } = this.#colors;
    const looks = { buy: up, sell: down, position: soft };
    const gone = new Set(this.#lines.keys());
    for (const { id, price, look, pending } of levels) {
      gone.delete(id);
      const options = {
        price: price as BarPrice,
        color: looks[look],
        lineWidth: 1,
        lineStyle: pending ? LineStyle.Dotted : LineStyle.Dashed,
        axisLabelVisible: true,
        axisLabelTextColor: surface,
        title: look === "position" ? "Cost" : "",
      } as const;
      const line = this.#lines.get(id);
      if (line) line.applyOptions(options);
      else if (this.#main) this.#lines.set(id, this.#main.createPriceLine(options));
    }
    for (const id of gone) {
      const line = this.#lines.get(id);
      if (line) this.#main?.removePriceLine(line);
      this.#lines.delete(id);
    }
  }
}

/** From where on bars differ, if only at the end; -1 if all must be drawn anew. */
export function sameUntil(before: readonly Candle[], now: readonly Candle[]): number {
  const length = before.length;
  if (length === 0 || now.length < length || now.length > length + 1) return -1;
  for (let at = 0; at < length - 1; at += 1) if (before[at] !== now[at]) return -1;
  return before[length - 1]?.time === now[length - 1]?.time ? length - 1 : -1;
}
