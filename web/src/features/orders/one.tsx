/** One order: what it is, what happened to it and why, and its legs. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { ProblemError, told } from "@/api/problem";
import { divide, multiply, sign, toNumber } from "@/lib/decimal";
import { average, moment, money, price, quantity, words } from "@/lib/format";
import { isOpen, type Order } from "@/state/folds";
import { useOrder } from "@/state/live";
import { order as orderQuery } from "@/state/queries";
import { openTicket } from "@/state/ticket";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Notice } from "@/ui/notice";
import { CancelButton } from "./cancel";
import { canReplace } from "./changes";
import { Fills } from "./fills";
import { ReplaceDialog } from "./replace";
import { Side, Status } from "./status";
import { Story } from "./story";
import {
  feesWords,
  MEANINGS,
  partWords,
  priceWords,
  reasonWords,
  timeWords,
  titleWords,
  typeWords,
} from "./words";

export default function One() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const { data, error, refetch } = useQuery({ ...orderQuery(id), refetchInterval: FOLLOW });
  const live = useOrder(id);
  useNews(id, live?.updated_at);
  const now = live && (!data || live.updated_at > data.updated_at) ? live : data;
  if (error && !data) {
    const absent = error instanceof ProblemError && [404, 422].includes(error.problem.status);
    return absent ? <Absent /> : <Failed error={error} retry={() => void refetch()} />;
  }
  if (now === undefined) {
    return (
      <Page>
        <h1 className="sr-only">Order</h1>
        <Waiting className="h-24" />
        <Waiting className="h-96" />
      </Page>
    );
  }
  const trails = data && isTrailing(data) && isTrailing(now);
  const seen = trails ? { hwm: data.hwm ?? null, stop_price: data.stop_price } : {};
  // A live order knows nothing of its legs, nor where its stop has moved to.
  return <Shown key={id} order={{ ...now, ...seen, legs: data?.legs ?? null }} />;
}

const NEWS_MS = 150;

/** Asks anew, once for many events, when the stream told of this order. */
function useNews(id: string, at: string | undefined): void {
  const client = useQueryClient();
  const seen = useRef({ id, at });
  useEffect(() => {
    const before = seen.current;
    seen.current = { id, at };
    if (at === undefined || (before.id === id && before.at === at)) return;
    const soon = setTimeout(
      () => void client.invalidateQueries({ queryKey: ["order", id] }),
      NEWS_MS,
    );
    return () => clearTimeout(soon);
  }, [client, id, at]);
}

const isTrailing = (order: Order): boolean =>
  order.type === "trailing_stop" && isOpen(order) && !order.triggered_at;

/** The stream does not tell how a trailing stop moves. */
const FOLLOW = ({ state }: { state: { data: Order | undefined } }) =>
  state.data !== undefined && isTrailing(state.data) ? 3_000 : false;

function Page({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto max-w-6xl space-y-4 p-3 sm:p-4 lg:p-6">
      <Link
        to="/orders"
        className="inline-flex min-h-8 items-center font-medium text-soft max-lg:min-h-11 hover:text-ink"
      >
        ← Orders
      </Link>
      {children}
    </div>
  );
}

function Absent() {
  return (
    <Page>
      <h1 className="sr-only">Order</h1>
      <Card>
        <Empty title="There is no such order">
          This account has none at this address. It may belong to another account of yours: choose
          it, then come back.
        </Empty>
      </Card>
    </Page>
  );
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { wrong, right } = told(error);
  return (
    <Page>
      <h1 className="sr-only">Order</h1>
      <Notice kind="wrong" title={wrong}>
        <p>{right}</p>
        <Button size="small" className="mt-2" onClick={retry}>
          Try again
        </Button>
      </Notice>
    </Page>
  );
}

function Shown({ order }: { order: Order }) {
  const [changing, setChanging] = useState(false);
  const go = useNavigate();
  const part = partWords(order);
  return (
    <Page>
      <header className="rounded-xl border border-line bg-surface px-4 py-4">
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
          <div className="min-w-0">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <h1 className="font-semibold text-2xl tracking-tight">
                <Side order={order} /> {quantity(order.qty)}{" "}
                <Link
                  to="/symbols/$"
                  params={{ _splat: order.symbol }}
                  className="underline decoration-line-strong/60 underline-offset-4 hover:text-accent"
                >
                  {order.symbol}
                </Link>
              </h1>
              <Status order={order} />
            </div>
            <p className="mt-1 text-soft">
              {part && `${part} · `}
              {typeWords(order)}
              {order.type !== "market" && ` ${priceWords(order)}`} · {timeWords(order)}
            </p>
          </div>
          {!isOpen(order) && (
            <Button className="min-h-11" onClick={() => openTicket(draftOf(order))}>
              Place again
            </Button>
          )}
          {isOpen(order) && (
            <div className="flex gap-2">
              {canReplace(order) && (
                <Button className="min-h-11" onClick={() => setChanging(true)}>
                  Change
                </Button>
              )}
              <CancelButton order={order} size="medium" className="min-h-11" />
            </div>
          )}
        </div>
        <Progress order={order} />
        {order.status !== "filled" && (
          <p className="mt-1 text-soft">
            {MEANINGS[order.status]}
            {reasonWords(order) && ` ${reasonWords(order)}.`}
          </p>
        )}
      </header>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0 space-y-4">
          <Fills order={order} />
          <Story order={order} />
        </div>
        <div className="min-w-0 space-y-4">
          <Linked order={order} />
          <Facts order={order} />
        </div>
      </div>
      {changing && (
        <ReplaceDialog
          order={order}
          onClose={() => setChanging(false)}
          onReplaced={(next) => void go({ to: "/orders/$id", params: { id: next.id } })}
        />
      )}
    </Page>
  );
}

/** The same once more, as far as a ticket can be filled in. */
const draftOf = ({ symbol, side, qty, type, limit_price, stop_price }: Order) => ({
  symbol,
  side,
  qty: quantity(qty).replaceAll(",", ""),
  type,
  ...(type.includes("limit") && limit_price !== null && { limit_price }),
  ...((type === "stop" || type === "stop_limit") && stop_price !== null && { stop_price }),
});

function Progress({ order }: { order: Order }) {
  const share = divide(multiply(order.filled_qty, "100"), order.qty, 1) ?? "0";
  const text = `${quantity(order.filled_qty)} of ${quantity(order.qty)} filled`;
  return (
    <div className="mt-4">
      <div
        role="progressbar"
        aria-label="Filled"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={toNumber(share)}
        aria-valuetext={text}
        className="h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div
          className={`h-full rounded-full ${order.side === "buy" ? "bg-up" : "bg-down"}`}
          style={{ width: `${share}%` }}
        />
      </div>
      <p className="tabular mt-1.5 flex flex-wrap justify-between gap-x-4">
        <span className="font-medium">{text}</span>
        {sign(order.filled_qty) > 0 && (
          <span className="text-soft">average {average(order.filled_avg_price)}</span>
        )}
      </p>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="shrink-0 text-soft">{name}</dt>
      <dd className="min-w-0 text-right">{children}</dd>
    </div>
  );
}

/** A fact that is left out where there is none. */
function Maybe({ name, value }: { name: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <Fact name={name}>
      <span className="tabular">{value}</span>
    </Fact>
  );
}

const orNone = (value: string | null, how: (value: string) => string) => value && how(value);

function Facts({ order }: { order: Order }) {
  const flags = [
    order.extended_hours && "also in extended hours",
    order.reduce_only && "reduce only",
    order.post_only && "post only",
  ].filter(Boolean);
  return (
    <Card title="Facts">
      <dl className="space-y-2">
        <Fact name="Profile">{order.profile}</Fact>
        <Maybe name="Does" value={order.position_intent && words(order.position_intent)} />
        <Maybe name="For" value={orNone(order.notional, money)} />
        <Maybe name="Limit" value={orNone(order.limit_price, price)} />
        <Maybe name="Stop" value={orNone(order.stop_price, price)} />
        <Maybe name="Trail" value={orNone(order.trail_price, price)} />
        <Maybe name="Trail" value={order.trail_percent && `${order.trail_percent}%`} />
        <Maybe name="Best price seen" value={orNone(order.hwm, price)} />
        <Maybe name="At worst" value={orNone(order.collar_price, price)} />
        <Maybe name="Fees" value={feesWords(order.fees)} />
        <Maybe name="Flags" value={flags.join(", ")} />
        <Maybe name="Placed" value={moment(order.created_at)} />
        <Maybe name="Triggered" value={orNone(order.triggered_at ?? null, moment)} />
        <Maybe name="Filled" value={orNone(order.filled_at, moment)} />
        <Maybe name="Canceled" value={orNone(order.canceled_at, moment)} />
        <Maybe name="Expired" value={orNone(order.expired_at, moment)} />
        <Maybe name="Ends" value={isOpen(order) ? orNone(order.expires_at, moment) : null} />
      </dl>
      <details className="mt-3 border-line border-t pt-2">
        <summary className="min-h-8 cursor-pointer py-1 font-medium text-soft">Names</summary>
        <dl className="mt-1 space-y-2 text-xs">
          <div>
            <dt className="text-soft">Order</dt>
            <dd className="break-all">{order.id}</dd>
          </div>
          <div>
            <dt className="text-soft">Your own name for it</dt>
            <dd className="break-all">{order.client_order_id}</dd>
          </div>
        </dl>
      </details>
    </Card>
  );
}

function Linked({ order }: { order: Order }) {
  const others = [
    { name: "It replaces", id: order.replaces },
    { name: "Replaced by", id: order.replaced_by },
    { name: "Its entry", id: order.parent_id },
    ...(order.legs?.length ? [] : [{ name: "The other exit", id: order.sibling_id }]),
  ].filter((one) => one.id);
  const legs = order.legs ?? [];
  if (others.length === 0 && legs.length === 0) return null;
  return (
    <Card title={legs.length > 0 ? "Legs" : "Belongs to"} flush>
      <ul className="border-line border-t">
        {legs.map((leg) => (
          <Leg key={leg.id} leg={leg} />
        ))}
        {others.map(({ name, id }) => (
          <li key={name} className="border-line/60 border-b last:border-b-0">
            <Link
              to="/orders/$id"
              params={{ id: id ?? "" }}
              className="flex min-h-11 items-center justify-between gap-3 px-4 hover:bg-sunken focus-visible:-outline-offset-2"
            >
              {name}
              <span className="font-medium text-accent">Show →</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Leg({ leg }: { leg: Order }) {
  const now = useOrder(leg.id) ?? leg;
  return (
    <li className="border-line/60 border-b last:border-b-0">
      <Link
        to="/orders/$id"
        params={{ id: leg.id }}
        aria-label={`${partWords(now) ?? "Leg"}: ${titleWords(now)}`}
        className="block px-4 py-2.5 hover:bg-sunken focus-visible:-outline-offset-2"
      >
        <span className="flex items-center justify-between gap-3">
          <span className="font-medium">{partWords(now) ?? "Leg"}</span>
          <Status order={now} />
        </span>
        <span className="tabular mt-0.5 block text-soft">
          {titleWords(now)}, {typeWords(now).toLowerCase()} {priceWords(now)}
        </span>
      </Link>
    </li>
  );
}
