/** The day in figures, and the months before it in a line. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { compare, divide, multiply, subtract, toNumber } from "@/lib/decimal";
import { average, compact, number, percent, price } from "@/lib/format";
import { months } from "@/state/market";
import { useView } from "@/state/ticks";
import { Card, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Sparkline } from "@/ui/sparkline";
import { Fact, Span } from "./facts";

export function DayCard({ symbol }: { symbol: string }) {
  const view = useView(symbol);
  const low = view?.low;
  const high = view?.high;
  return (
    <Card title="Day">
      <dl className="grid grid-cols-2 gap-x-5 gap-y-2">
        <Fact name="Open">{view && price(view.open)}</Fact>
        <Fact name="Before">{view && price(view.previous_close)}</Fact>
        <Fact name="Volume">{view && compact(view.volume)}</Fact>
        <Fact name="Trades">{view && number(`${view.trades}`)}</Fact>
        <Fact name="VWAP">{view && average(view.vwap)}</Fact>
        <Fact name="Volatility">
          {view && percent(view.volatility && multiply(view.volatility, "100"), 1).replace("+", "")}
        </Fact>
        {view?.limit_down && <Fact name="Limit down">{price(view.limit_down)}</Fact>}
        {view?.limit_up && <Fact name="Limit up">{price(view.limit_up)}</Fact>}
      </dl>
      {view && !low ? null : (
        <div className="mt-4 h-11">
          {low && high && view?.last && (
            <Span name="Low and high of the day" low={low} high={high} at={view.last} />
          )}
        </div>
      )}
    </Card>
  );
}

export function MonthsCard({ symbol }: { symbol: string }) {
  const { data, error } = useQuery(months(symbol));
  const last = useView(symbol)?.last;
  const found = useMemo(() => {
    const days = data?.days.flatMap((day) =>
      day.close === null || day.low === null || day.high === null
        ? []
        : [{ ...day, close: day.close, low: day.low, high: day.high }],
    );
    const [first] = days ?? [];
    if (!days || !first || days.length < 2) return null;
    return {
      first,
      closes: days.map((day) => toNumber(day.close)),
      high: days.reduce((a, b) => (compare(b.high, a) > 0 ? b.high : a), first.high),
      low: days.reduce((a, b) => (compare(b.low, a) < 0 ? b.low : a), first.low),
      close: days.at(-1)?.close ?? first.close,
      invented: days.some((day) => day.source === "invented"),
      lent: days.find((day) => day.source !== "" && day.source !== "invented")?.source,
    };
  }, [data]);
  if (error || (data && found === null)) return null;
  const now = last ?? found?.close;
  const since = found && now ? subtract(now, found.first.close) : null;
  const part = found && since ? divide(multiply(since, "100"), found.first.close, 2) : null;
  return (
    <Card title="Five months" aside={since && <Change value={since}>{percent(part)}</Change>}>
      {found === null || since === null ? (
        <Waiting className="h-32" />
      ) : (
        <>
          <Sparkline
            values={found.closes}
            rises={compare(since, "0") >= 0}
            className="h-16 w-full"
            label={`From ${price(found.first.close)} to ${price(now ?? null)} in five months`}
          />
          <div className="mt-3">
            <Span name="Low and high" low={found.low} high={found.high} at={now ?? found.close} />
          </div>
          {(found.invented || found.lent) && (
            <p className="mt-2 text-soft text-xs">
              {found.invented
                ? "Days before this Stockyard began are invented by the built-in market."
                : `Days before this Stockyard began are from ${found.lent}.`}
            </p>
          )}
        </>
      )}
    </Card>
  );
}
