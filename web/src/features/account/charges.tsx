/** What borrowing and funding cost, charge by charge. */
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { negate, trim } from "@/lib/decimal";
import { money, number, signedMoney, when } from "@/lib/format";
import { charges } from "@/state/desk";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { type Column, Table } from "@/ui/table";

type Charge = Schemas["Charge"];
const KINDS: Record<Charge["kind"], string> = {
  debit_interest: "Interest on borrowed cash",
  borrow_fee: "Borrowed shares",
  funding: "Funding",
};
const PER: Record<Charge["kind"], string> = {
  debit_interest: "a year",
  borrow_fee: "a year",
  funding: "for the hour",
};

const COLUMNS: readonly Column<Charge>[] = [
  {
    name: "what",
    head: "Charge",
    width: "minmax(0,1.6fr)",
    cell: (one) => (
      <>
        <div className="truncate font-medium">
          {KINDS[one.kind]}
          {one.symbol && ` · ${one.symbol}`}
        </div>
        <div className="truncate text-soft text-xs">{when(one.charged_at)}</div>
      </>
    ),
  },
  {
    name: "base",
    head: "On",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{money(one.base)}</span>,
  },
  {
    name: "rate",
    head: "At",
    right: true,
    wide: true,
    cell: (one) => (
      <>
        <div className="tabular">{number(trim(one.rate_percent))}%</div>
        <div className="text-soft text-xs">{PER[one.kind]}</div>
      </>
    ),
  },
  {
    name: "amount",
    head: "To your cash",
    right: true,
    cell: (one) => <Change value={negate(one.amount)}>{signedMoney(negate(one.amount))}</Change>,
  },
];

export function Charges() {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(charges);
  const rows = data?.pages.flat();
  return (
    <Card title="Charges" flush>
      {error && rows === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : rows === undefined ? (
        <Waiting className="m-4 h-24" />
      ) : rows.length === 0 ? (
        <Empty title="Nothing charged">
          What borrowed cash and shares cost each day, and the hourly funding of perpetual
          contracts, stand here.
        </Empty>
      ) : (
        <Table
          label="Charges"
          columns={COLUMNS}
          rows={rows}
          rowKey={(one) => one.id}
          {...(rows.length > 8 && { height: "26rem" })}
        />
      )}
      {hasNextPage && (
        <div className="border-line/60 border-t px-2 py-1">
          <Button
            kind="quiet"
            size="small"
            busy={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            Show older charges
          </Button>
        </div>
      )}
    </Card>
  );
}
