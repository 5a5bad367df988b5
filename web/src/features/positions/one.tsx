/** One position: what it is worth, in which lots, what protects it, and closing it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { absolute, sign } from "@/lib/decimal";
import { average, money, price, quantity, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Position } from "@/state/folds";
import { useAsset } from "@/state/instrument";
import { useAccount, usePositions } from "@/state/live";
import { assets } from "@/state/queries";
import { openTicket } from "@/state/ticket";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Icon } from "@/ui/icon";
import { Moving } from "@/ui/moving";
import { Closing } from "./closing";
import { Gain, Share, useFigures, useShare } from "./figures";
import { Leverage } from "./leverage";
import { Lots } from "./lots";
import { Protection } from "./protection";
import { Traded } from "./traded";
import { Size } from "./words";

export default function One() {
  const symbol = (useParams({ strict: false }) as { _splat?: string })._splat ?? "";
  const positions = known(usePositions());
  const position = positions?.find((one) => one.symbol === symbol);
  const { data: all } = useQuery(assets);
  if (all && !all.some((one) => one.symbol === symbol)) return <Unknown symbol={symbol} />;
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <Head symbol={symbol} position={position} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem] xl:grid-rows-[auto_1fr]">
        <div className="min-w-0">
          {positions === undefined ? (
            <Card>
              <Waiting className="h-48" />
            </Card>
          ) : position ? (
            <Now position={position} />
          ) : (
            <Nothing symbol={symbol} />
          )}
        </div>
        {position && (
          <div className="grid min-w-0 content-start gap-4 md:grid-cols-2 xl:col-start-2 xl:row-span-2 xl:row-start-1 xl:grid-cols-1">
            <Protection key={`exits ${symbol}`} position={position} />
            {position.contract && <Leverage key={symbol} position={position} />}
          </div>
        )}
        <div className="min-w-0 space-y-4">
          {positions && <Lots key={symbol} symbol={symbol} position={position} />}
          <Traded symbol={symbol} />
        </div>
      </div>
    </div>
  );
}

function Head({ symbol, position }: { symbol: string; position: Position | undefined }) {
  const name = useAsset(symbol)?.name;
  const [closing, setClosing] = useState(false);
  const short = position?.side === "short";
  return (
    <header className="flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <Link
          to="/positions"
          className="-ml-1 inline-flex min-h-8 items-center gap-1 max-sm:min-h-11 text-[0.8125rem] text-soft hover:text-ink"
        >
          <Icon name="chevron" className="size-4 rotate-180" />
          Positions
        </Link>
        <h1 className="flex items-baseline gap-2">
          <span className="font-semibold text-xl tracking-tight">{symbol}</span>
          <span className="truncate text-soft">{name}</span>
        </h1>
      </div>
      <div className="flex gap-2 max-sm:w-full max-sm:[&>*]:min-h-11 max-sm:[&>*]:flex-1">
        <Link
          to="/symbols/$"
          params={{ _splat: symbol }}
          className="inline-flex min-h-10 items-center justify-center gap-2 rounded-lg border border-line bg-surface px-3.5 font-medium hover:bg-sunken"
        >
          <Icon name="chart" className="size-4" />
          Chart
        </Link>
        <Button kind="plain" onClick={() => openTicket({ symbol, side: short ? "sell" : "buy" })}>
          {position === undefined ? "Buy" : short ? "Sell more" : "Buy more"}
        </Button>
        {position && (
          <Button kind="danger" aria-label={`Close ${symbol}`} onClick={() => setClosing(true)}>
            Close
          </Button>
        )}
        {position && closing && <Closing position={position} onDone={() => setClosing(false)} />}
      </div>
    </header>
  );
}

function Unknown({ symbol }: { symbol: string }) {
  return (
    <div className="p-4">
      <h1 className="sr-only">{symbol}</h1>
      <Empty
        title={`There is no ${symbol} here`}
        action={
          <Link to="/positions" className="font-medium text-accent underline underline-offset-4">
            All positions
          </Link>
        }
      >
        Markets lists every symbol that is traded.
      </Empty>
    </div>
  );
}

function Nothing({ symbol }: { symbol: string }) {
  return (
    <Card flush>
      <Empty title={`You hold no ${symbol}`}>
        Once you do, what it cost and what it is worth stand here, and you can protect it or close
        it. What you closed before is below.
      </Empty>
    </Card>
  );
}

function Now({ position }: { position: Position }) {
  const { now, day } = useFigures(position);
  const account = known(useAccount());
  const share = useShare(now.value, account?.equity);
  const { contract } = position;
  const short = position.side === "short";
  return (
    <Card>
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3">
        <div>
          <p className="flex items-center gap-2 text-soft">
            {contract ? "Value at the mark" : short ? "Costs to buy back" : "Worth now"}
          </p>
          <Moving
            value={now.value}
            className="inline-block font-semibold text-3xl tracking-tight sm:text-4xl"
          >
            {money(short ? now.value.replace("-", "") : now.value)}
          </Moving>
          <p className="mt-0.5 text-soft">
            <Size position={position} /> at <Moving value={now.price}>{price(now.price)}</Moving>
          </p>
        </div>
        <dl className="flex gap-8">
          <div>
            <dt className="text-soft text-xs">Today</dt>
            <dd className="text-base">
              <Gain gain={day?.gain ?? null} part={day?.percent ?? null} />
            </dd>
          </div>
          <div>
            <dt className="text-soft text-xs">Unrealized</dt>
            <dd className="text-base">
              <Gain gain={now.gain} part={now.gainPercent} />
            </dd>
          </div>
        </dl>
      </div>
      <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-3 border-line/60 border-t pt-4 sm:grid-cols-4">
        <Fact name={contract ? "Entry" : "Average cost"}>{average(position.avg_entry_price)}</Fact>
        <Fact name={short && !contract ? "Brought" : "Cost"}>
          {money(position.cost_basis.replace("-", ""))}
        </Fact>
        <Fact name="Free to close">{quantity(position.qty_available.replace("-", ""))}</Fact>
        <Fact name="Of equity">
          <Share share={share} />
        </Fact>
        <Fact name="Realized so far">
          <Change value={position.realized_pl}>{signedMoney(position.realized_pl)}</Change>
        </Fact>
        <Fact name="Fees so far">{money(position.fees)}</Fact>
        {contract && (
          <>
            <Fact name="Margin">
              {money(contract.margin)} <span className="text-soft">{contract.mode}</span>
            </Fact>
            <Fact name="Leverage">{contract.leverage}×</Fact>
            <Fact name="Liquidated at">{average(contract.liquidation_price)}</Fact>
            <Fact name="Index">{average(contract.index_price)}</Fact>
            <Fact name="Requires">{money(contract.maintenance_margin)}</Fact>
            <Fact name={sign(contract.funding_paid) < 0 ? "Funding received" : "Funding paid"}>
              {money(absolute(contract.funding_paid))}
            </Fact>
          </>
        )}
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="live tabular mt-0.5 font-medium">{children}</dd>
    </div>
  );
}
