/** What the account is worth, now and over time. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { told } from "@/api/problem";
import { add, sign, subtract, toNumber } from "@/lib/decimal";
import { money, percent, signedMoney, when } from "@/lib/format";
import { later } from "@/lib/later";
import { known } from "@/lib/loadable";
import type { Position } from "@/state/folds";
import { useAccount, usePositions } from "@/state/live";
import { equityCurve, type Range } from "@/state/queries";
import { useQuotes } from "@/state/ticks";
import { equityNow } from "@/state/worth";
import { Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented } from "@/ui/choice";
import { Moving } from "@/ui/moving";
import { Failed } from "./failed";

const Curve = lazy(() => later(() => import("@/ui/curve")));

const RANGES: readonly { value: Range; label: string; words: string }[] = [
  { value: "1D", label: "1D", words: "today" },
  { value: "1W", label: "1W", words: "in a week" },
  { value: "1M", label: "1M", words: "in a month" },
  { value: "3M", label: "3M", words: "in three months" },
  { value: "1Y", label: "1Y", words: "in a year" },
  { value: "ALL", label: "All", words: "since the beginning" },
];
const NOTHING: readonly Position[] = [];
const HEIGHT = 224;

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Points of long ranges are of whole days. */
const momentOf = (at: string, range: Range) =>
  range === "1D" || range === "1W" ? when(at) : DAY.format(new Date(at));

/** Without what came in from outside. */
const worthOf = (point: { equity: string; net_deposits: string }) =>
  subtract(point.equity, point.net_deposits);

export function Equity() {
  const [range, setRange] = useState<Range>("1D");
  const account = known(useAccount());
  const positions = known(usePositions()) ?? NOTHING;
  const quote = useQuotes(positions.map((one) => one.symbol));
  const { data: curve, error, refetch } = useQuery(equityCurve(range));
  const [pointed, setPointed] = useState<number | null>(null);
  const now = account && equityNow(account, positions, quote);
  const won = now && curve ? add(curve.profit_loss, subtract(now, curve.now.equity)) : undefined;
  const drawn = useMemo(() => {
    if (curve === undefined) return null;
    const points = [...(curve.base ? [curve.base] : []), ...curve.points, curve.now];
    // One point is no line: it was the same a minute before.
    if (points.length === 1) {
      const before = new Date(Date.parse(curve.now.at) - 60_000).toISOString();
      points.unshift({ ...curve.now, at: before });
    }
    // What it is compared with; nothing where money came or went meanwhile.
    const base = points.every((one) => one.net_deposits === points[0]?.net_deposits)
      ? toNumber((curve.base?.equity ?? points[0]?.net_deposits) || "0")
      : null;
    return {
      at: points.map((one) => Date.parse(one.at) / 1000),
      lines: [points.map((one) => toNumber(one.equity)), points.map(() => base)],
      unit: "money" as const,
      points,
    };
  }, [curve]);
  const point = pointed === null ? undefined : drawn?.points[pointed];
  const shown = point?.equity ?? now;
  const begun = curve?.base ? worthOf(curve.base) : "0";
  const gain = point ? subtract(worthOf(point), begun) : won;
  const words = RANGES.find((one) => one.value === range)?.words;
  return (
    <section
      aria-label="Equity"
      className="overflow-hidden rounded-xl border border-line bg-surface"
    >
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 px-4 pt-4">
        <div>
          <p className="text-soft">Equity</p>
          {shown ? (
            <Moving
              value={point ? null : shown}
              className="inline-block font-semibold text-4xl tracking-tight"
            >
              {money(shown)}
            </Moving>
          ) : (
            <Waiting className="my-1 h-9 w-56" />
          )}
          <p className="mt-0.5 flex h-6 items-baseline gap-1.5">
            {gain !== undefined && curve ? (
              <>
                <Change value={gain}>
                  {signedMoney(gain)}
                  {!point &&
                    curve.profit_loss_percent !== null &&
                    ` (${percent(curve.profit_loss_percent)})`}
                </Change>
                <span className="text-soft">
                  {point ? `until ${momentOf(point.at, range)}` : words}
                </span>
              </>
            ) : error ? (
              <span className="text-soft">{told(error).wrong}</span>
            ) : (
              <Waiting className="h-5 w-40" />
            )}
          </p>
        </div>
        <Segmented
          small
          label="Range of the curve"
          options={RANGES}
          value={range}
          onChange={(next) => {
            setPointed(null);
            setRange(next);
          }}
        />
      </div>
      <div className="mt-3 h-56">
        {drawn ? (
          <Suspense fallback={<Waiting className="mx-4 h-52" />}>
            <Curve
              drawn={drawn}
              up={sign(curve?.profit_loss ?? "0") >= 0}
              filled
              height={HEIGHT}
              onPoint={setPointed}
            />
          </Suspense>
        ) : error ? (
          <Failed error={error} again={() => void refetch()} />
        ) : (
          <Waiting className="mx-4 h-52" />
        )}
      </div>
      <dl className="grid grid-cols-2 border-line border-t sm:grid-cols-4">
        <Sum name="Buying power" value={account?.buying_power} />
        <Sum name="Cash" value={account?.cash} />
        <Sum name="Held for orders" value={account?.reserved} />
        <Sum name="Realized P&L" value={account?.realized_pl} signed />
      </dl>
    </section>
  );
}

function Sum({
  name,
  value,
  signed = false,
}: {
  name: string;
  value: string | undefined;
  signed?: boolean;
}) {
  return (
    <div className="border-line px-4 py-3 odd:border-r nth-[n+3]:border-t sm:border-r sm:border-t-0! sm:last:border-r-0">
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="mt-0.5 font-medium">
        {value === undefined ? (
          <Waiting className="h-5 w-24" />
        ) : signed ? (
          <Change value={value}>{signedMoney(value)}</Change>
        ) : (
          <span className="live tabular">{money(value)}</span>
        )}
      </dd>
    </div>
  );
}
