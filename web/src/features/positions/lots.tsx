/** What a position was bought in, and what of it was closed: lot by lot, with wash sales. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { divide, multiply, sign, subtract } from "@/lib/decimal";
import { average, moment, money, percent, quantity, signedMoney, when } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Position } from "@/state/folds";
import { closed, lots } from "@/state/holdings";
import { useFills } from "@/state/live";
import { useQuote } from "@/state/ticks";
import { type Lot, worth } from "@/state/worth";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented, Tabs } from "@/ui/choice";
import { type Column, Table } from "@/ui/table";
import { heldFor } from "./held_for";

type Line = Schemas["TaxLine"];
type Which = "open" | "closed";
const WHICH: readonly { value: Which; label: string }[] = [
  { value: "open", label: "Open lots" },
  { value: "closed", label: "Closed lots" },
];
const METHODS = {
  average: "Closings take the oldest first, at the average cost of all.",
  fifo: "Closings take the oldest first.",
  lifo: "Closings take the youngest first.",
  hifo: "Closings take the dearest first.",
} as const;

export function Lots({ symbol, position }: { symbol: string; position: Position | undefined }) {
  const [which, setWhich] = useState<Which>(position ? "open" : "closed");
  return (
    <Card flush>
      <Tabs label="Lots" options={WHICH} value={which} onChange={setWhich}>
        {which === "open" ? (
          <Open symbol={symbol} position={position} />
        ) : (
          <Closed symbol={symbol} />
        )}
      </Tabs>
    </Card>
  );
}

function Two({ top, below }: { top: React.ReactNode; below: React.ReactNode }) {
  return (
    <>
      <div className="truncate">{top}</div>
      <div className="truncate text-soft text-xs">{below}</div>
    </>
  );
}

function Open({ symbol, position }: { symbol: string; position: Position | undefined }) {
  if (position === undefined) {
    return (
      <Empty title={`Nothing held of ${symbol}`}>
        Each purchase becomes a lot with its own cost and day, and stands here until it is closed.
      </Empty>
    );
  }
  if (position.contract) {
    return (
      <Empty title="Contracts have no lots">
        A perpetual contract is not bought: what is open has one average entry, and closing pays the
        difference.
      </Empty>
    );
  }
  return <OpenLots position={position} />;
}

function OpenLots({ position }: { position: Position }) {
  const { data, error } = useQuery(lots(position));
  const at = worth(position, useQuote(position.symbol)).price;
  if (error && data === undefined) return <Failed error={error} />;
  if (data === undefined) return <Waiting className="m-4 h-40" />;
  const gain = (lot: Lot) => {
    if (at === null) return null;
    const value = multiply(lot.qty, at);
    return lot.side === "long" ? subtract(value, lot.cost) : subtract(lot.cost, value);
  };
  const columns: readonly Column<Lot>[] = [
    {
      name: "opened",
      head: position.side === "long" ? "Bought" : "Sold short",
      width: "minmax(0,1.5fr)",
      cell: (one) => (
        <span title={moment(one.acquired_at)}>
          <Two top={when(one.acquired_at)} below={heldFor(one.acquired_at)} />
        </span>
      ),
    },
    {
      name: "qty",
      head: "Quantity",
      right: true,
      cell: (one) => (
        <span className="tabular">
          {quantity(one.qty)}
          <span className="block text-soft text-xs sm:hidden">
            at {average(divide(one.cost, one.qty, 6))}
          </span>
        </span>
      ),
    },
    {
      name: "each",
      head: "Cost each",
      right: true,
      wide: true,
      cell: (one) => <span className="tabular">{average(divide(one.cost, one.qty, 6))}</span>,
    },
    {
      name: "cost",
      head: position.side === "long" ? "Cost" : "Brought",
      right: true,
      wide: true,
      cell: (one) => <span className="tabular">{money(one.cost)}</span>,
    },
    {
      name: "gain",
      head: "Unrealized",
      right: true,
      cell: (one) => {
        const won = gain(one);
        if (won === null) return "—";
        return (
          <>
            <Change value={won} className="live">
              {signedMoney(won)}
            </Change>
            <div className="live tabular text-soft text-xs">
              {percent(divide(multiply(won, "100"), one.cost, 2))}
            </div>
          </>
        );
      },
    },
  ];
  return (
    <>
      <Table
        label="Open lots"
        columns={columns}
        rows={data}
        rowKey={(one) => one.id}
        {...(data.length > 8 && { height: "26rem" })}
      />
      <p className="border-line/60 border-t px-4 py-3 text-[0.8125rem] text-soft">
        {METHODS[position.lot_method ?? "average"]}
      </p>
    </>
  );
}

const THIS_YEAR = new Date().getFullYear();
const YEARS = [THIS_YEAR, THIS_YEAR - 1, THIS_YEAR - 2].map((one) => ({
  value: `${one}`,
  label: `${one}`,
}));

const LINES: readonly Column<Line>[] = [
  {
    name: "closed",
    head: "Closed",
    width: "minmax(0,1.5fr)",
    cell: (one) => (
      <Two
        top={one.closed_on}
        below={`${one.term}-term, held ${heldFor(one.held_since, one.closed_on)}`}
      />
    ),
  },
  {
    name: "qty",
    head: "Quantity",
    right: true,
    cell: (one) => (
      <span className="tabular">
        {quantity(one.qty)}
        {one.side === "short" && <span className="block text-soft text-xs">short</span>}
      </span>
    ),
  },
  {
    name: "proceeds",
    head: "Proceeds",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{money(one.proceeds)}</span>,
  },
  {
    name: "cost",
    head: "Cost",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{money(one.cost)}</span>,
  },
  {
    name: "gain",
    head: "Realized",
    right: true,
    cell: (one) => (
      <>
        <Change value={one.economic_pl}>{signedMoney(one.economic_pl)}</Change>
        {one.wash_sale && (
          <div
            className="text-warn text-xs"
            title={`${money(one.wash_sale_disallowed)} of the loss does not count for tax: it was bought again within 30 days, and went to the cost of that lot.`}
          >
            wash sale {money(one.wash_sale_disallowed)}
          </div>
        )}
      </>
    ),
  },
];

function Closed({ symbol }: { symbol: string }) {
  const [year, setYear] = useState(`${THIS_YEAR}`);
  const newest = known(useFills())?.find((one) => one.symbol === symbol)?.id;
  const { data, error } = useQuery(closed(Number(year), symbol, newest));
  const years = (
    <div className="w-fit px-4 pt-3">
      <Segmented small label="Year" options={YEARS} value={year} onChange={setYear} />
    </div>
  );
  if (error && data === undefined) return <Failed error={error} />;
  if (data === undefined) {
    return (
      <>
        {years}
        <Waiting className="m-4 h-40" />
      </>
    );
  }
  if (data.lines.length === 0) {
    return (
      <>
        {years}
        <Empty title={`Nothing of ${symbol} was closed in ${year}`}>
          Each piece that is closed stands here with what it won, how long it was held, and whether
          a wash sale keeps its loss from counting.
        </Empty>
      </>
    );
  }
  const { total } = data;
  return (
    <>
      {years}
      <Table
        label="Closed lots"
        columns={LINES}
        rows={data.lines}
        rowKey={(one) => `${one.execution_id} ${one.lot_id} ${one.held_since} ${one.qty}`}
        rowHeight={56}
        {...(data.lines.length > 8 && { height: "28rem" })}
      />
      <p className="border-line/60 border-t px-4 py-3 text-[0.8125rem] text-soft">
        In {year}: {signedMoney(total.economic_pl)} after {money(total.fees)} of fees
        {sign(total.wash_sale_disallowed) > 0 &&
          `; for tax ${signedMoney(total.taxable_pl)}, as wash sales disallow ${money(total.wash_sale_disallowed)} of the losses`}
        .
      </p>
    </>
  );
}

function Failed({ error }: { error: unknown }) {
  const { wrong, right } = told(error);
  return <Empty title={wrong}>{right}</Empty>;
}
