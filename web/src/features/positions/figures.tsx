/** The moving figures of one position and of all, each drawn by itself. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { absolute, add, divide, multiply, sign } from "@/lib/decimal";
import { money, number, percent, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Position } from "@/state/folds";
import { lots } from "@/state/holdings";
import { useAccount } from "@/state/live";
import { useQuote, useQuotes, useView, useViews } from "@/state/ticks";
import {
  type Day,
  dayBase,
  dayGain,
  equityNow,
  tradedToday,
  type Worth,
  worth,
} from "@/state/worth";
import { Waiting } from "@/ui/card";
import { Change } from "@/ui/change";

export interface Figures {
  readonly now: Worth;
  readonly day: Day | null;
}

export function useFigures(position: Position): Figures {
  const now = worth(position, useQuote(position.symbol));
  const view = useView(position.symbol);
  const needed = !position.contract && tradedToday(position, view);
  const { data } = useQuery({ ...lots(position), enabled: needed });
  return { now, day: dayGain(now.value, dayBase(position, view, data)) };
}

/** Money won or lost, with its share below it. */
export function Gain({ gain, part }: { gain: string | null; part: string | null }) {
  if (gain === null) return <span className="text-soft">—</span>;
  return (
    <>
      <Change value={gain} className="live">
        {signedMoney(gain)}
      </Change>
      <div className="live tabular text-soft text-xs">{percent(part)}</div>
    </>
  );
}

/** How much of the account it is: what it is worth, of the equity. */
export function useShare(value: string, equity: string | undefined): string | null {
  if (equity === undefined || sign(equity) <= 0) return null;
  return divide(multiply(absolute(value), "100"), equity, 1);
}

export function Share({ share }: { share: string | null }) {
  if (share === null) return <span className="text-soft">—</span>;
  const width = Math.min(100, Number(share));
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden="true" className="h-1.5 w-12 overflow-hidden rounded-full bg-line">
        <span className="block h-full rounded-full bg-accent" style={{ width: `${width}%` }} />
      </span>
      <span className="live tabular min-w-11">{number(share)}%</span>
    </span>
  );
}

export interface Sums {
  readonly value: string;
  readonly gain: string;
  readonly day: string | null;
  readonly realized: string;
  readonly equity: string | undefined;
}

/** Sums over all positions; the day's is of those for which it is known. */
export function useSums(positions: readonly Position[]): Sums {
  const symbols = positions.map((one) => one.symbol);
  const quote = useQuotes(symbols);
  const view = useViews(symbols);
  const account = known(useAccount());
  const held = useQueries({
    queries: positions.map((one) => ({
      ...lots(one),
      enabled: !one.contract && tradedToday(one, view(one.symbol)),
    })),
  });
  let [value, gain, realized] = ["0", "0", "0"];
  let day: string | null = null;
  positions.forEach((one, at) => {
    const now = worth(one, quote(one.symbol));
    // A contract is not owned: only what it won counts.
    if (!one.contract) value = add(value, now.value);
    gain = add(gain, now.gain);
    realized = add(realized, one.realized_pl);
    const won = dayGain(now.value, dayBase(one, view(one.symbol), held[at]?.data));
    if (won !== null) day = add(day ?? "0", won.gain);
  });
  const equity = account && equityNow(account, positions, quote);
  return { value, gain, day, realized, equity };
}

export function Totals({ sums }: { sums: Sums | undefined }) {
  return (
    <section
      aria-label="All positions"
      className="overflow-hidden rounded-xl border border-line bg-surface"
    >
      <dl className="grid grid-cols-2 sm:grid-cols-4">
        <Total name="Value" title="What they would bring now; perpetual contracts apart.">
          {sums && <span className="live tabular">{money(sums.value)}</span>}
        </Total>
        <Total name="Today" title="Since the last close, or since it was bought today.">
          {sums &&
            (sums.day === null ? "—" : <Change value={sums.day}>{signedMoney(sums.day)}</Change>)}
        </Total>
        <Total name="Unrealized P&L" title="What closing everything now would win, before fees.">
          {sums && <Change value={sums.gain}>{signedMoney(sums.gain)}</Change>}
        </Total>
        <Total name="Realized P&L" title="What was closed of these has won, before fees.">
          {sums && <Change value={sums.realized}>{signedMoney(sums.realized)}</Change>}
        </Total>
      </dl>
    </section>
  );
}

function Total({
  name,
  title,
  children,
}: {
  name: string;
  title: string;
  children: React.ReactNode;
}) {
  return (
    <div className="border-line px-4 py-3 odd:border-r nth-[n+3]:border-t sm:border-r sm:border-t-0! sm:last:border-r-0">
      <dt className="text-soft text-xs" title={title}>
        {name}
      </dt>
      <dd className="mt-0.5 font-semibold text-base sm:text-lg">
        {children ?? <Waiting className="h-6 w-28" />}
      </dd>
    </div>
  );
}
