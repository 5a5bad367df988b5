/** The latest orders in one symbol, each linked to its story. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { average, price, quantity, when, words } from "@/lib/format";
import type { Order } from "@/state/folds";
import { isOpen } from "@/state/folds";
import { orders } from "@/state/queries";
import { Card, Empty, Waiting } from "@/ui/card";
import { statusWords } from "./words";

const SHOWN = 12;

export function Traded({ symbol }: { symbol: string }) {
  const { data, error } = useQuery(orders({ symbol, limit: SHOWN }));
  return (
    <Card title="Orders" flush>
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="m-4 h-40" />
      ) : data.length === 0 ? (
        <Empty title={`No orders in ${symbol} yet`}>
          Every order you place in it stands here with its whole story.
        </Empty>
      ) : (
        <ul>
          {data.map((one) => (
            <One key={one.id} order={one} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function at(order: Order): string {
  if (order.filled_avg_price !== null) return `at ${average(order.filled_avg_price)}`;
  const wanted = order.limit_price ?? order.stop_price;
  return wanted === null ? "" : `at ${price(wanted)}`;
}

function One({ order }: { order: Order }) {
  const buys = order.side === "buy";
  return (
    <li className="relative flex items-center justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0 hover:bg-sunken/60">
      <div className="min-w-0">
        <Link to={`/orders/${order.id}`} className="font-medium after:absolute after:inset-0">
          <span className={buys ? "text-up" : "text-down"}>{buys ? "Buy" : "Sell"}</span>{" "}
          <span className="tabular">{quantity(order.qty)}</span>{" "}
          <span className="tabular font-normal">{at(order)}</span>
        </Link>
        <div className="truncate text-soft text-xs">
          {words(order.type)}
          {order.protects ? ", protection" : ""} · {when(order.updated_at)}
        </div>
      </div>
      <span className={isOpen(order) ? "font-medium text-accent" : "text-soft"}>
        {statusWords(order)}
      </span>
    </li>
  );
}
