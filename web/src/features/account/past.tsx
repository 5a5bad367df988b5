/** The account as it was: a slider over the moments at which it changed, and any time besides. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { told } from "@/api/problem";
import { subtract } from "@/lib/decimal";
import { moment, money, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import { useAccount } from "@/state/live";
import { accountAt, type Moment, timeline } from "@/state/past";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { PastOrders, PastPositions } from "./past_lists";

/** How long the slider rests before the server is asked. */
const REST_MS = 250;

export default function PastScreen() {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(timeline);
  const moments = useMemo(() => data?.pages.flatMap((page) => page.moments).reverse(), [data]);
  return (
    <div className="mx-auto max-w-5xl space-y-4 p-3 sm:p-4 lg:p-6">
      <header>
        <Link to="/account" className="text-[0.8125rem] text-accent hover:underline">
          Account
        </Link>
        <h1 className="font-semibold text-xl tracking-tight">The account as it was</h1>
        <p className="max-w-prose text-pretty text-soft">
          What you had at any moment: not an estimate, but everything that happened until then,
          worked out once more.
        </p>
      </header>
      {error && moments === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : moments === undefined ? (
        <Card>
          <Waiting className="h-40" />
        </Card>
      ) : moments.length === 0 ? (
        <Empty title="Nothing has happened yet">
          As soon as it does, you can look back from here.
        </Empty>
      ) : (
        <Travel
          moments={moments}
          older={hasNextPage ? () => void fetchNextPage() : undefined}
          busy={isFetchingNextPage}
        />
      )}
    </div>
  );
}

function Travel({
  moments,
  older,
  busy,
}: {
  moments: readonly Moment[];
  older: (() => void) | undefined;
  busy: boolean;
}) {
  const last = moments.length - 1;
  /** The moment by its number, so that it stays where it is when older ones come in before it. */
  const [seq, setSeq] = useState(moments[last]?.seq ?? 0);
  const [asked, setAsked] = useState<string | null>(null);
  const index = Math.max(
    0,
    moments.findIndex((one) => one.seq === seq),
  );
  const here = moments[index];
  const at = useRested(asked ?? `${seq}`);
  const go = (to: number) => {
    setAsked(null);
    setSeq(moments[Math.min(Math.max(to, 0), last)]?.seq ?? 0);
  };
  return (
    <>
      <Card title="When">
        <div className="flex items-center gap-2">
          <Button
            className="max-sm:min-h-11"
            disabled={index === 0 && asked === null}
            onClick={() => go(index - 1)}
          >
            Earlier
          </Button>
          <input
            type="range"
            aria-label="Moment"
            aria-valuetext={here ? `${moment(here.at)}: ${here.text}` : undefined}
            min={0}
            max={last}
            value={index}
            onChange={(event) => go(Number(event.target.value))}
            className="h-11 min-w-0 flex-1 accent-(--accent)"
          />
          <Button
            className="max-sm:min-h-11"
            disabled={index === last && asked === null}
            onClick={() => go(index + 1)}
          >
            Later
          </Button>
        </div>
        <p aria-live="polite" className={classes("mt-1 min-h-10", asked !== null && "text-soft")}>
          <span className="tabular font-medium">{here && moment(here.at)}</span>{" "}
          <span className="break-words text-soft">{here?.text}</span>
        </p>
        <div className="mt-3 flex flex-wrap items-end gap-x-4 gap-y-3 border-line/60 border-t pt-3">
          <AnyTime chosen={asked !== null} onChoose={setAsked} />
          {older && (
            <Button kind="quiet" size="small" className="ml-auto" busy={busy} onClick={older}>
              Load older moments
            </Button>
          )}
        </div>
      </Card>
      <Then at={at} />
    </>
  );
}

/** A time between the moments: prices move there, too. */
function AnyTime({ chosen, onChoose }: { chosen: boolean; onChoose: (at: string | null) => void }) {
  const [local, setLocal] = useState("");
  const time = local === "" ? Number.NaN : new Date(local).getTime();
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!Number.isNaN(time)) onChoose(new Date(time).toISOString());
      }}
    >
      <Field
        label="Or at any time"
        type="datetime-local"
        step={1}
        value={local}
        onChange={(event) => setLocal(event.target.value)}
      />
      <Button type="submit" className="min-h-11" disabled={Number.isNaN(time)}>
        Show
      </Button>
      {chosen && (
        <Button kind="quiet" className="min-h-11" onClick={() => onChoose(null)}>
          Back to the slider
        </Button>
      )}
    </form>
  );
}

function Then({ at }: { at: string }) {
  const { data, error, isFetching, refetch } = useQuery({
    ...accountAt(at),
    placeholderData: (before) => before,
  });
  const now = known(useAccount());
  if (error) {
    const { wrong, right } = told(error);
    return (
      <Notice kind="wrong" title={wrong}>
        <p>{right}</p>
        <Button size="small" className="mt-2" onClick={() => void refetch()}>
          Try again
        </Button>
      </Notice>
    );
  }
  if (data === undefined) {
    return (
      <Card>
        <Waiting className="h-56" />
      </Card>
    );
  }
  const { past } = data;
  const since = now ? subtract(now.equity, data.equity) : null;
  return (
    <div aria-busy={isFetching} className={classes("space-y-4", isFetching && "opacity-60")}>
      <Card title={`After input ${past.seq}`}>
        <p className="text-soft">{moment(past.at)}</p>
        <div className="mt-2 flex flex-wrap gap-x-12 gap-y-3">
          <div>
            <p className="text-soft">Equity then</p>
            <p className="tabular font-semibold text-3xl tracking-tight">{money(data.equity)}</p>
          </div>
          {since !== null && (
            <div>
              <p className="text-soft">Since then</p>
              <p className="tabular font-semibold text-3xl tracking-tight">
                <Change value={since}>{signedMoney(since)}</Change>
              </p>
            </div>
          )}
        </div>
        <dl className="mt-4 grid gap-x-8 border-line/60 border-t sm:grid-cols-2">
          <Figure name="Cash" value={data.cash} />
          <Figure name="Held for orders" value={data.reserved} />
          <Figure name="Buying power" value={data.buying_power} />
          <Figure name="Realized P&L" value={data.realized_pl} />
          <Figure name="Paid in" value={data.deposited} />
          <Figure name="Fees" value={data.fees} />
        </dl>
      </Card>
      <PastPositions positions={past.positions} />
      <PastOrders orders={past.orders} all={past.open_orders} />
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex items-baseline justify-between gap-4 border-line/60 border-b py-2">
      <dt>{name}</dt>
      <dd className="tabular font-medium">{money(value)}</dd>
    </div>
  );
}

/** What was last said, once nothing else has been said for a moment. */
function useRested(said: string): string {
  const [rested, setRested] = useState(said);
  useEffect(() => {
    const timer = setTimeout(() => setRested(said), REST_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return rested;
}
