/** The chart for whoever cannot see it, or wants figures: one sentence, and a table of the last bars. */
import { divide, multiply, subtract, toNumber } from "@/lib/decimal";
import { compact, percent, price } from "@/lib/format";
import { type Column, Table } from "@/ui/table";
import { type Candle, type Frame, isByDay } from "./series";
import { FRAME_WORDS } from "./settings";

const ROWS = 60;

export function timeOf(time: number, frame: Frame): string {
  const date = new Date(time * 1000);
  if (isByDay(frame)) {
    return date.toLocaleDateString(undefined, { dateStyle: "medium", timeZone: "UTC" });
  }
  return date.toLocaleString(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    ...(frame === "1s" && { second: "2-digit" }),
  });
}

/** "40 bars of one minute, from … to …. It opened at …, was between … and …, and is at …, up 0.3%." */
export function summary(symbol: string, frame: Frame, candles: readonly Candle[]): string {
  const [first] = candles;
  const last = candles.at(-1);
  if (first === undefined || last === undefined) return `No bars of ${symbol} yet.`;
  const high = candles.reduce((a, b) => (toNumber(b.high) > toNumber(a) ? b.high : a), first.high);
  const low = candles.reduce((a, b) => (toNumber(b.low) < toNumber(a) ? b.low : a), first.low);
  const part = divide(multiply(subtract(last.close, first.open), "100"), first.open, 2);
  return [
    `${symbol}: ${candles.length} bars of ${FRAME_WORDS[frame]}, from ${timeOf(first.time, frame)}`,
    `to ${timeOf(last.time, frame)}. It opened at ${price(first.open)}, was between ${price(low)}`,
    `and ${price(high)}, and is at ${price(last.close)}, ${percent(part)}.`,
  ].join(" ");
}

const columns = (frame: Frame): readonly Column<Candle>[] => [
  {
    name: "time",
    head: "Begins",
    width: "minmax(0,1.6fr)",
    cell: (one) => <span className="tabular">{timeOf(one.time, frame)}</span>,
  },
  ...(["open", "high", "low", "close"] as const).map(
    (name): Column<Candle> => ({
      name,
      head: `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      right: true,
      wide: name === "open",
      cell: (one) => <span className="tabular">{price(one[name])}</span>,
    }),
  ),
  {
    name: "volume",
    head: "Volume",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{compact(one.volume)}</span>,
  },
];

export function BarsTable({ frame, candles }: { frame: Frame; candles: readonly Candle[] }) {
  return (
    <Table
      label="The newest bars"
      columns={columns(frame)}
      rows={candles.slice(-ROWS).reverse()}
      rowKey={(one) => `${one.time}`}
      rowHeight={36}
      height="100%"
    />
  );
}
