/** What is held, what works, what moves, and what was done. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { absolute, compare, divide, multiply, subtract } from "@/lib/decimal";
import { average, percent, price, quantity, signedMoney, when, words } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Order, Position } from "@/state/folds";
import { useOpenOrders, usePositions } from "@/state/live";
import { assets, orders, snapshots } from "@/state/queries";
import { useQuote, type View } from "@/state/ticks";
import { worth } from "@/state/worth";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Moving } from "@/ui/moving";
import { type Column, Table } from "@/ui/table";
import { Failed } from "./failed";

const BUTTON =
  "inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-semibold text-accent-ink hover:opacity-90";

function Rows() {
  return (
    <div className="space-y-3 px-4 pb-4">
      {[0, 1, 2].map((one) => (
        <Waiting key={one} className="h-9" />
      ))}
    </div>
  );
}

function Two({ top, below }: { top: React.ReactNode; below: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <div className="truncate font-medium">{top}</div>
      <div className="truncate text-soft text-xs">{below}</div>
    </div>
  );
}

function Priced({ position }: { position: Position }) {
  const now = worth(position, useQuote(position.symbol));
  return <Moving value={now.price}>{price(now.price)}</Moving>;
}

function Gain({ position }: { position: Position }) {
  const now = worth(position, useQuote(position.symbol));
  return (
    <div>
      <Change value={now.gain} className="live">
        {signedMoney(now.gain)}
      </Change>
      <div className="tabular text-soft text-xs">{percent(now.gainPercent)}</div>
    </div>
  );
}

const HELD: readonly Column<Position>[] = [
  {
    name: "symbol",
    head: "Symbol",
    cell: (one) => <Two top={one.symbol} below={`${quantity(one.qty)} ${one.side}`} />,
  },
  {
    name: "cost",
    head: "Average cost",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{average(one.avg_entry_price)}</span>,
  },
  { name: "price", head: "Price", right: true, cell: (one) => <Priced position={one} /> },
  { name: "gain", head: "Unrealized", right: true, cell: (one) => <Gain position={one} /> },
];

export function Held() {
  const positions = known(usePositions());
  const go = useNavigate();
  return (
    <Card title="Positions" flush>
      {positions === undefined ? (
        <Rows />
      ) : positions.length === 0 ? (
        <Empty
          title="Nothing held yet"
          action={
            <Link to="/markets" className={BUTTON}>
              Find something to buy
            </Link>
          }
        >
          What you buy stands here, with what it is worth now. No real money is spent here.
        </Empty>
      ) : (
        <Table
          label="Positions"
          columns={HELD}
          rows={positions}
          rowKey={(one) => one.symbol}
          rowLabel={(one) => `Open ${one.symbol}`}
          onRow={(one) => go({ to: "/symbols/$", params: { _splat: one.symbol } })}
        />
      )}
    </Card>
  );
}

const WORKING: readonly Column<Order>[] = [
  {
    name: "order",
    head: "Order",
    width: "minmax(0,1.4fr)",
    cell: (one) => (
      <Two
        top={
          <>
            <span className={one.side === "buy" ? "text-up" : "text-down"}>
              {one.side === "buy" ? "Buy" : "Sell"}
            </span>{" "}
            {one.symbol}
          </>
        }
        below={`${words(one.type)} · ${one.time_in_force}`}
      />
    ),
  },
  {
    name: "price",
    head: "Price",
    right: true,
    cell: (one) => <span className="tabular">{price(one.limit_price ?? one.stop_price)}</span>,
  },
  {
    name: "qty",
    head: "Filled",
    right: true,
    cell: (one) => (
      <span className="tabular">
        {quantity(one.filled_qty)} / {quantity(one.qty)}
      </span>
    ),
  },
  {
    name: "status",
    head: "Status",
    right: true,
    wide: true,
    cell: (one) => words(one.status),
  },
];

export function Working() {
  const open = known(useOpenOrders());
  const go = useNavigate();
  return (
    <Card title="Open orders" flush>
      {open === undefined ? (
        <Rows />
      ) : open.length === 0 ? (
        <Empty title="No open orders">
          A market order fills at once. A limit or stop order waits here until its price comes, or
          until you cancel it.
        </Empty>
      ) : (
        <Table
          label="Open orders"
          columns={WORKING}
          rows={open}
          rowKey={(one) => one.id}
          height="20rem"
          rowLabel={(one) => `Open the order for ${one.symbol}`}
          onRow={(one) => go({ to: "/orders/$id", params: { id: one.id } })}
        />
      )}
    </Card>
  );
}

const SHOWN = 6;

/** In percent: since yesterday's close, or since today's open where there is none yet. */
function changeOf({ change_percent, last, open }: View): string | null {
  if (change_percent !== null) return change_percent;
  if (last === null || open === null) return null;
  return divide(multiply(subtract(last, open), "100"), open, 2);
}

export function Movers() {
  const { data: all, error: unlisted, refetch: list } = useQuery(assets);
  const symbols = useMemo(() => (all ?? []).slice(0, 100).map((one) => one.symbol), [all]);
  const { data, error, refetch } = useQuery(snapshots(symbols));
  const names = useMemo(() => new Map(all?.map((one) => [one.symbol, one.name])), [all]);
  const movers = useMemo(
    () =>
      data
        ?.map(({ symbol, ticker }) => ({ symbol, ticker, change: changeOf(ticker) }))
        .filter((one) => one.change !== null)
        .sort((a, b) => compare(absolute(b.change ?? "0"), absolute(a.change ?? "0")))
        .slice(0, SHOWN),
    [data],
  );
  return (
    <Card title="Movers" flush>
      {movers === undefined && (unlisted ?? error) ? (
        <Failed
          error={unlisted ?? error}
          again={() => {
            void list();
            void refetch();
          }}
        />
      ) : movers === undefined ? (
        <Rows />
      ) : movers.length === 0 ? (
        <Empty title="Nothing has moved yet">The day's largest changes stand here.</Empty>
      ) : (
        <ul>
          {movers.map(({ symbol, ticker, change }) => (
            <li
              key={symbol}
              className="relative flex items-center gap-3 border-line/60 border-b px-4 py-2 last:border-b-0 hover:bg-sunken"
            >
              <div className="min-w-0 flex-1">
                <Two
                  top={
                    <Link
                      to="/symbols/$"
                      params={{ _splat: symbol }}
                      className="after:absolute after:inset-0 hover:text-accent"
                    >
                      {symbol}
                    </Link>
                  }
                  below={names.get(symbol) ?? ""}
                />
              </div>
              <div className="text-right">
                <span className="tabular">{price(ticker.last ?? ticker.bid)}</span>
                <div>
                  <Change value={change ?? "0"} className="text-xs">
                    {percent(change)}
                  </Change>
                </div>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function Done() {
  const { data, error, refetch } = useQuery(orders({ status: "filled", limit: SHOWN }));
  return (
    <Card title="Latest fills" flush>
      {data === undefined && error !== null ? (
        <Failed error={error} again={() => void refetch()} />
      ) : data === undefined ? (
        <Rows />
      ) : data.length === 0 ? (
        <Empty title="No fills yet">
          Every fill will say which quote it saw, and why it was made.
        </Empty>
      ) : (
        <ul>
          {data.map((one) => (
            <li
              key={one.id}
              className="relative flex items-center gap-3 border-line/60 border-b px-4 py-2 last:border-b-0 hover:bg-sunken"
            >
              <div className="min-w-0 flex-1">
                <Two
                  top={
                    <Link
                      to="/orders/$id"
                      params={{ id: one.id }}
                      className="after:absolute after:inset-0 hover:text-accent"
                    >
                      {one.side === "buy" ? "Bought" : "Sold"} {quantity(one.filled_qty)}{" "}
                      {one.symbol}
                    </Link>
                  }
                  below={when(one.filled_at)}
                />
              </div>
              <span className="tabular">{average(one.filled_avg_price)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
