/** Bars of all sources together, as they close. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { compare, round } from "@/lib/decimal";
import { average, compact, price, quantity } from "@/lib/format";
import type { Window } from "@/state/connection";
import { connection, onFrame } from "@/state/live";
import { assets } from "@/state/queries";
import type { Bar } from "@/state/ticks";
import { Card, Empty } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { type Column, Table } from "@/ui/table";
import { NO_BARS, withBars } from "./closed";

const SYMBOLS_MAX = 100;
const WINDOWS: readonly { value: Window; label: string; words: string }[] = [
  { value: "1s", label: "1s", words: "second" },
  { value: "1m", label: "1m", words: "minute" },
  { value: "5m", label: "5m", words: "five minutes" },
  { value: "1h", label: "1h", words: "hour" },
];
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

const number = (text: string) => <span className="tabular">{text}</span>;
/** A coin may trade in thousandths. */
const volume = (text: string) =>
  compare(text, "1") < 0 ? quantity(round(text, 4)) : compact(text);
const COLUMNS: readonly Column<Bar>[] = [
  {
    name: "symbol",
    head: "Symbol",
    width: "minmax(0,1.2fr)",
    cell: (one) => <span className="font-medium">{one.symbol}</span>,
  },
  { name: "start", head: "From", cell: (one) => number(TIME.format(new Date(one.start))) },
  { name: "open", head: "Open", right: true, wide: true, cell: (one) => number(price(one.open)) },
  { name: "high", head: "High", right: true, wide: true, cell: (one) => number(price(one.high)) },
  { name: "low", head: "Low", right: true, wide: true, cell: (one) => number(price(one.low)) },
  {
    name: "close",
    head: "Close",
    right: true,
    width: "minmax(0,1.2fr)",
    cell: (one) => number(price(one.close)),
  },
  { name: "vwap", head: "VWAP", right: true, wide: true, cell: (one) => number(average(one.vwap)) },
  { name: "volume", head: "Volume", right: true, cell: (one) => number(volume(one.volume)) },
];

/** The closed bars of some symbols, told once for each frame that the screen draws. */
function useClosed(symbols: readonly string[], window: Window) {
  const [bars, setBars] = useState(NO_BARS);
  useEffect(() => {
    setBars(NO_BARS);
    const wanted = new Set(symbols);
    let told: Bar[] = [];
    let frame = 0;
    const draw = () => {
      const some = told;
      told = [];
      frame = 0;
      setBars((before) => withBars(before, some));
    };
    const end = onFrame(({ type, bars: some }) => {
      if (type !== "bars") return;
      const more = (some as Bar[]).filter((one) => one.window === window && wanted.has(one.symbol));
      if (more.length === 0) return;
      told.push(...more);
      frame ||= requestAnimationFrame(draw);
    });
    const stops = symbols.map((symbol) => connection.listen("bars", symbol, window));
    return () => {
      end();
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
    };
  }, [symbols, window]);
  return bars;
}

export function Bars() {
  const { data: all } = useQuery(assets);
  const [window, setWindow] = useState<Window>("1s");
  const symbols = useMemo(() => (all ?? []).slice(0, SYMBOLS_MAX).map((one) => one.symbol), [all]);
  const { open, closed } = useClosed(symbols, window);
  const words = WINDOWS.find((one) => one.value === window)?.words;
  return (
    <Card
      title="Bars as they close"
      flush
      aside={
        <Segmented
          small
          label="Length of a bar"
          options={WINDOWS}
          value={window}
          onChange={setWindow}
        />
      }
    >
      <div className="mt-2 h-80">
        {closed.length === 0 ? (
          <Empty title={open.size > 0 ? `${open.size} bars are being built` : "No bar yet"}>
            {open.size > 0
              ? `Each closes with the first trade after its ${words}, and appears here.`
              : "A bar begins with a trade. Where nothing trades, none is built."}
          </Empty>
        ) : (
          <Table
            label={`Bars of a ${words}, newest first`}
            columns={COLUMNS}
            rows={closed}
            rowKey={(one) => `${one.symbol} ${one.start}`}
            rowHeight={34}
            height="20rem"
          />
        )}
      </div>
    </Card>
  );
}
