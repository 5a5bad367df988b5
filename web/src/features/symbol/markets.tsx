/** Every symbol that is traded, found by typing. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { price } from "@/lib/format";
import { assets } from "@/state/queries";
import { useQuote } from "@/state/ticks";
import { Card, Empty, Waiting } from "@/ui/card";
import { Field } from "@/ui/field";
import { Moving } from "@/ui/moving";
import { type Column, Table } from "@/ui/table";

type Asset = Schemas["Asset"];

function Quoted({ symbol, side }: { symbol: string; side: "bid" | "ask" }) {
  const value = useQuote(symbol)?.[side] ?? null;
  return <Moving value={value}>{price(value)}</Moving>;
}

const COLUMNS: readonly Column<Asset>[] = [
  {
    name: "symbol",
    head: "Symbol",
    width: "minmax(0,1.6fr)",
    cell: (one) => (
      <>
        <div className="font-medium">{one.symbol}</div>
        <div className="truncate text-soft text-xs">{one.name}</div>
      </>
    ),
  },
  {
    name: "bid",
    head: "Bid",
    right: true,
    cell: (one) => <Quoted symbol={one.symbol} side="bid" />,
  },
  {
    name: "ask",
    head: "Ask",
    right: true,
    cell: (one) => <Quoted symbol={one.symbol} side="ask" />,
  },
  {
    name: "phase",
    head: "Market",
    right: true,
    wide: true,
    cell: (one) => (one.halted ? "halted" : one.phase),
  },
];

export default function Markets() {
  const { data } = useQuery(assets);
  const [wanted, setWanted] = useState("");
  const go = useNavigate();
  const found = useMemo(() => {
    const text = wanted.trim().toLowerCase();
    return data?.filter((one) => `${one.symbol} ${one.name}`.toLowerCase().includes(text));
  }, [data, wanted]);
  return (
    <div className="mx-auto max-w-4xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Markets</h1>
      <Field
        label="Find a symbol"
        type="search"
        value={wanted}
        placeholder="Ticker or name"
        autoComplete="off"
        onChange={(event) => setWanted(event.target.value)}
      />
      <Card flush>
        {found === undefined ? (
          <Waiting className="m-4 h-96" />
        ) : found.length === 0 ? (
          <Empty title={`Nothing is called “${wanted.trim()}”`}>
            Try part of its ticker or name.
          </Empty>
        ) : (
          <Table
            label="Symbols"
            columns={COLUMNS}
            rows={found}
            rowKey={(one) => one.symbol}
            height="calc(100dvh - 16rem)"
            rowLabel={(one) => `Open ${one.symbol}`}
            onRow={(one) => go({ to: "/symbols/$", params: { _splat: one.symbol } })}
          />
        )}
      </Card>
    </div>
  );
}
