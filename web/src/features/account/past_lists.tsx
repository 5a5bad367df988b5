/** What an account held at a moment of before, and which orders were open. */
import { Link } from "@tanstack/react-router";
import { average, money, price, quantity, signedMoney, when, words } from "@/lib/format";
import type { Order, Position } from "@/state/folds";
import { Card, Empty } from "@/ui/card";
import { Change } from "@/ui/change";
import { type Column, Table } from "@/ui/table";

const POSITIONS: readonly Column<Position>[] = [
  {
    name: "symbol",
    head: "Position",
    cell: (one) => (
      <>
        <div className="truncate font-medium">{one.symbol}</div>
        <div className="tabular truncate text-soft text-xs">
          {quantity(one.qty)} at {average(one.avg_entry_price)}
        </div>
      </>
    ),
  },
  {
    name: "price",
    head: "Price then",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{price(one.current_price)}</span>,
  },
  {
    name: "value",
    head: "Worth",
    right: true,
    cell: (one) => <span className="tabular">{money(one.market_value)}</span>,
  },
  {
    name: "gain",
    head: "Unrealized",
    right: true,
    cell: (one) => <Change value={one.unrealized_pl}>{signedMoney(one.unrealized_pl)}</Change>,
  },
];

const ORDERS: readonly Column<Order>[] = [
  {
    name: "what",
    head: "Order",
    width: "minmax(0,2fr)",
    cell: (one) => (
      <>
        <Link
          to="/orders/$id"
          params={{ id: one.id }}
          className="block truncate font-medium hover:text-accent hover:underline"
        >
          {words(one.side)} {quantity(one.qty)} {one.symbol}
        </Link>
        <div className="truncate text-soft text-xs">
          {words(one.type)}, {when(one.created_at)}
        </div>
      </>
    ),
  },
  {
    name: "at",
    head: "At",
    right: true,
    cell: (one) => <span className="tabular">{price(one.limit_price ?? one.stop_price)}</span>,
  },
  {
    name: "filled",
    head: "Filled",
    right: true,
    wide: true,
    cell: (one) => <span className="tabular">{quantity(one.filled_qty)}</span>,
  },
  {
    name: "status",
    head: "Status",
    right: true,
    cell: (one) => words(one.status),
  },
];

export function PastPositions({ positions }: { positions: readonly Position[] }) {
  return (
    <Card title="Positions then" flush>
      {positions.length === 0 ? (
        <Empty title="None">The account held nothing but cash.</Empty>
      ) : (
        <Table
          label="Positions then"
          columns={POSITIONS}
          rows={positions}
          rowKey={(one) => one.asset_id}
        />
      )}
    </Card>
  );
}

export function PastOrders({ orders, all }: { orders: readonly Order[]; all: number }) {
  return (
    <Card title="Orders that were open" flush>
      {orders.length === 0 ? (
        <Empty title="None">No order was waiting.</Empty>
      ) : (
        <Table
          label="Orders that were open"
          columns={ORDERS}
          rows={orders}
          rowKey={(one) => one.id}
          {...(orders.length > 8 && { height: "26rem" })}
        />
      )}
      {all > orders.length && (
        <p className="px-4 py-2 text-[0.8125rem] text-soft">
          {all} were open; the newest {orders.length} are shown.
        </p>
      )}
    </Card>
  );
}
