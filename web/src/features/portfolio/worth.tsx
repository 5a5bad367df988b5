/** What the account is and was worth: the number, its gain in a range, and the chart of it. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { told } from "@/api/problem";
import { sign } from "@/lib/decimal";
import { money, percent, signedMoney, when } from "@/lib/format";
import { later } from "@/lib/later";
import { Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented } from "@/ui/choice";
import { history, RANGES, type Range } from "./asked";
import { dayOf, gainDrawn, pointsOf, worthDrawn } from "./drawn";
import { Failed } from "./failed";

const Curve = lazy(() => later(() => import("@/ui/curve")));

const VIEWS = [
  { value: "worth", label: "Worth" },
  { value: "gain", label: "Profit and loss" },
] as const;
const HEIGHT = 288;

export function WorthCard({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const [view, setView] = useState<"worth" | "gain">("worth");
  const [pointed, setPointed] = useState<number | null>(null);
  const { data, error, refetch } = useQuery(history(range));
  const drawn = useMemo(
    () => data && (view === "worth" ? worthDrawn(data) : gainDrawn(data)),
    [data, view],
  );
  const points = useMemo(() => (data ? pointsOf(data) : []), [data]);
  const point = pointed === null ? undefined : points[pointed];
  const shown = point ?? points.at(-1);
  const words = RANGES.find((one) => one.value === range)?.words;
  return (
    <section
      aria-label="Worth over time"
      className="overflow-hidden rounded-xl border border-line bg-surface"
    >
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 px-4 pt-4">
        <div>
          <p className="text-soft">Equity</p>
          {shown ? (
            <p className="live tabular font-semibold text-4xl tracking-tight">
              {money(shown.equity)}
            </p>
          ) : (
            <Waiting className="my-1 h-9 w-56" />
          )}
          <p className="mt-0.5 flex h-6 items-baseline gap-1.5">
            {data && shown ? (
              <>
                <Change value={shown.profit_loss}>
                  {signedMoney(shown.profit_loss)}
                  {!point &&
                    data.profit_loss_percent !== null &&
                    ` (${percent(data.profit_loss_percent)})`}
                </Change>
                <span className="text-soft">
                  {point ? `until ${range === "1D" ? when(point.at) : dayOf(point.at)}` : words}
                </span>
              </>
            ) : error ? (
              <span className="text-soft">{told(error).wrong}</span>
            ) : (
              <Waiting className="h-5 w-40" />
            )}
          </p>
        </div>
        <Segmented small label="What is drawn" options={VIEWS} value={view} onChange={setView} />
      </div>
      <div className="mt-3" style={{ height: HEIGHT }}>
        {drawn ? (
          <Suspense fallback={<Waiting className="mx-4 h-64" />}>
            <Curve
              drawn={drawn}
              up={sign(data?.profit_loss ?? "0") >= 0}
              filled
              height={HEIGHT}
              onPoint={setPointed}
            />
          </Suspense>
        ) : error ? (
          <Failed error={error} again={() => void refetch()} />
        ) : (
          <Waiting className="mx-4 h-64" />
        )}
      </div>
      <div className="overflow-x-auto border-line border-t p-2">
        <Segmented
          small
          label="Range"
          options={RANGES}
          value={range}
          onChange={(next) => {
            setPointed(null);
            onRange(next);
          }}
        />
      </div>
    </section>
  );
}
