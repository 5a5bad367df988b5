/** How well the account did in a range, beside a benchmark: returns, risk, and the days between. */
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { round, sign } from "@/lib/decimal";
import { NONE, number, percent } from "@/lib/format";
import { later } from "@/lib/later";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { measured, type Performance, performance, RANGES, type Range } from "./asked";
import { dayOf, returnDrawn } from "./drawn";
import { Failed } from "./failed";

const Curve = lazy(() => later(() => import("@/ui/curve")));
const HEIGHT = 176;

export function Panel({ range }: { range: Range }) {
  const { data, error, refetch } = useQuery(performance(range));
  const label = RANGES.find((one) => one.value === measured(range))?.label;
  return (
    <Card title="Performance" aside={<span className="text-soft text-xs">{label}, by closes</span>}>
      {data ? (
        <Figures told={data} />
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Waiting className="h-96" />
      )}
    </Card>
  );
}

function Figures({ told }: { told: Performance }) {
  const drawn = useMemo(() => returnDrawn(told), [told]);
  const { benchmark } = told;
  if (told.days === 0) {
    return (
      <Empty title="No day yet">Returns are of days: come back once a close has passed.</Empty>
    );
  }
  return (
    <>
      <p className="flex flex-wrap gap-x-4 text-[0.8125rem] text-soft">
        <span className="inline-flex items-center gap-1.5">
          <span aria-hidden="true" className="h-0.5 w-4 bg-accent" />
          This account
        </span>
        {benchmark && (
          <span className="inline-flex items-center gap-1.5">
            <span aria-hidden="true" className="h-0 w-4 border-soft border-t-2 border-dashed" />
            {benchmark.symbol}
          </span>
        )}
      </p>
      <div className="-mx-4 mt-1" style={{ height: HEIGHT }}>
        <Suspense fallback={<Waiting className="mx-4 h-40" />}>
          <Curve drawn={drawn} up filled={false} height={HEIGHT} />
        </Suspense>
      </div>
      <div className="mt-3 overflow-x-auto">
        <table className="w-full">
          <thead>
            <tr className="text-right text-soft text-xs">
              <th scope="col" className="py-1 text-left font-normal">
                <span className="sr-only">Figure</span>
              </th>
              <th scope="col" className="py-1 font-normal">
                Account
              </th>
              <th scope="col" className="py-1 pl-4 font-normal">
                {benchmark?.symbol ?? "Benchmark"}
              </th>
            </tr>
          </thead>
          <tbody>
            <Row
              name="Return"
              words="Time-weighted: money paid in or out counts for nothing."
              ours={<Percent value={told.time_weighted_percent} />}
              theirs={<Percent value={benchmark?.return_percent ?? null} />}
            />
            <Row
              name="Money-weighted"
              words="What the money itself earned, when it was there."
              ours={<Percent value={told.money_weighted_percent} />}
            />
            <Row
              name="A year"
              words={`The same return every year of ${told.days_a_year} days.`}
              ours={<Percent value={told.annual_percent} />}
              theirs={<Percent value={benchmark?.annual_percent ?? null} />}
            />
            <Row
              name="Volatility"
              words="How much a year's return scatters."
              ours={plain(told.volatility_percent)}
              theirs={plain(benchmark?.volatility_percent ?? null)}
            />
            <Row
              name="Sharpe"
              words="Return for its volatility."
              ours={ratio(told.sharpe)}
              theirs={ratio(benchmark?.sharpe ?? null)}
            />
            <Row name="Sortino" words="Return for its losses." ours={ratio(told.sortino)} />
            <Row
              name="Deepest fall"
              words={fallen(told)}
              ours={<Percent value={told.max_drawdown?.percent ?? "0"} />}
              theirs={<Percent value={benchmark?.max_drawdown_percent ?? null} />}
            />
            <Row name="Calmar" words="A year for the deepest fall." ours={ratio(told.calmar)} />
          </tbody>
        </table>
      </div>
      <dl className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3 border-line border-t pt-3 sm:grid-cols-3">
        <Fact name={`Ahead of ${benchmark?.symbol ?? "SPY"}`}>
          <Percent value={benchmark?.excess_percent ?? null} />
        </Fact>
        <Fact name="Beta">{ratio(benchmark?.beta ?? null)}</Fact>
        <Fact name="Alpha a year">
          <Percent value={benchmark?.alpha_percent ?? null} />
        </Fact>
        <Fact name="Best day" words={told.best_day && dayOf(told.best_day.at)}>
          <Percent value={told.best_day?.percent ?? null} />
        </Fact>
        <Fact name="Worst day" words={told.worst_day && dayOf(told.worst_day.at)}>
          <Percent value={told.worst_day?.percent ?? null} />
        </Fact>
        <Fact name="Days that gained" words={`of ${told.days}`}>
          {plain(told.positive_days_percent)}
        </Fact>
      </dl>
    </>
  );
}

function fallen({ max_drawdown: fall }: Performance): string {
  if (fall === null) return "It never stood below what it had reached.";
  const begun = `From ${dayOf(fall.peak_at)} to ${dayOf(fall.trough_at)}`;
  return fall.recovered_at === null
    ? `${begun}, not made good yet.`
    : `${begun}, made good by ${dayOf(fall.recovered_at)}.`;
}

const plain = (value: string | null) => (value === null ? NONE : percent(value).replace(/^\+/, ""));

const ratio = (value: string | null) => (value === null ? NONE : number(Number(value).toFixed(2)));

function Percent({ value }: { value: string | null }) {
  if (value === null) return <>{NONE}</>;
  if (sign(round(value, 2)) === 0) return <span className="tabular">{percent(value)}</span>;
  return <Change value={value}>{percent(value)}</Change>;
}

function Row({
  name,
  words,
  ours,
  theirs = "",
}: {
  name: string;
  words: string;
  ours: ReactNode;
  theirs?: ReactNode;
}) {
  return (
    <tr className="border-line/60 border-t align-top">
      <th scope="row" className="py-1.5 text-left font-normal">
        {name}
        <span className="block text-pretty text-soft text-xs">{words}</span>
      </th>
      <td className="live tabular whitespace-nowrap py-1.5 pl-3 text-right font-medium">{ours}</td>
      <td className="live tabular whitespace-nowrap py-1.5 pl-4 text-right text-soft">{theirs}</td>
    </tr>
  );
}

function Fact({
  name,
  words,
  children,
}: {
  name: string;
  words?: string | null;
  children: ReactNode;
}) {
  return (
    <div>
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="tabular font-medium">
        {children}
        {words && <span className="block font-normal text-soft text-xs">{words}</span>}
      </dd>
    </div>
  );
}
