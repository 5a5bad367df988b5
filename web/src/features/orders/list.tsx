/** The orders in rows, or on a phone as cards; only those in sight exist, however many there are. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { sign } from "@/lib/decimal";
import { average, quantity, when } from "@/lib/format";
import { isOpen, type Order } from "@/state/folds";
import { Button } from "@/ui/button";
import { classes } from "@/ui/classes";
import { type Column, Table } from "@/ui/table";
import type { Line, Sort } from "./blotter";
import { CancelButton } from "./cancel";
import { canReplace } from "./changes";
import { Side, Status } from "./status";
import { partWords, priceWords, timeWords, titleWords, typeWords } from "./words";

export interface ListProps {
  readonly lines: readonly Line[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly onReplace: (order: Order) => void;
  /** The end comes into sight. */
  readonly onEnd: () => void;
}

function Actions({ order, onReplace }: { order: Order; onReplace: (order: Order) => void }) {
  if (!isOpen(order)) return null;
  return (
    <span className="relative z-[1] flex justify-end gap-1.5">
      {canReplace(order) && (
        <Button
          size="small"
          kind="quiet"
          aria-label={`Change: ${titleWords(order)}`}
          onClick={() => onReplace(order)}
        >
          Change
        </Button>
      )}
      <CancelButton order={order} />
    </span>
  );
}

function Filled({ order }: { order: Order }) {
  return (
    <span className="live tabular">
      {quantity(order.filled_qty)}
      {order.status !== "filled" && <span className="text-soft"> / {quantity(order.qty)}</span>}
    </span>
  );
}

function Sorting({
  name,
  by,
  sort,
  onSort,
}: {
  name: string;
  by: Sort;
  sort: Sort;
  onSort: (sort: Sort) => void;
}) {
  const on = sort === by || (by === "newest" && sort === "oldest");
  const next =
    by === "newest" && sort === "newest" ? "oldest" : on && by !== "newest" ? "newest" : by;
  return (
    <button
      type="button"
      onClick={() => onSort(next)}
      className={classes(
        "rounded hover:text-ink focus-visible:-outline-offset-2",
        on && "text-ink",
      )}
    >
      {name}
      <span aria-hidden="true"> {on ? (sort === "newest" ? "↓" : "↑") : ""}</span>
    </button>
  );
}

const LEG = "border-line border-l-2 pl-3 ml-1";

function columnsOf({ sort, onSort, onReplace }: ListProps): readonly Column<Line>[] {
  const head = (name: string, by: Sort) => ({
    head: <Sorting name={name} by={by} sort={sort} onSort={onSort} />,
    sorted:
      by === "newest" && sort === "newest"
        ? ("descending" as const)
        : sort === by || (by === "newest" && sort === "oldest")
          ? ("ascending" as const)
          : ("none" as const),
  });
  return [
    {
      name: "order",
      ...head("Order", "symbol"),
      width: "minmax(0,1.5fr)",
      cell: ({ order, leg }) => (
        <div className={classes("min-w-0", leg && LEG)}>
          <div className="truncate font-medium">
            <Side order={order} /> {order.symbol}
          </div>
          <div className="truncate text-soft text-xs">
            {partWords(order) ?? (order.order_class === "simple" ? "" : order.order_class)}
            {partWords(order) || order.order_class !== "simple" ? " · " : ""}
            {timeWords(order)}
          </div>
        </div>
      ),
    },
    {
      name: "type",
      ...head("Type", "type"),
      width: "minmax(0,0.8fr)",
      cell: ({ order }) => typeWords(order),
    },
    {
      name: "qty",
      ...head("Filled / quantity", "qty"),
      right: true,
      width: "minmax(0,1.2fr)",
      cell: ({ order }) => <Filled order={order} />,
    },
    {
      name: "price",
      head: "Price",
      right: true,
      width: "minmax(0,1.1fr)",
      cell: ({ order }) => <span className="tabular">{priceWords(order)}</span>,
    },
    {
      name: "average",
      head: "Average fill",
      right: true,
      width: "minmax(0,0.9fr)",
      cell: ({ order }) => <span className="tabular">{average(order.filled_avg_price)}</span>,
    },
    {
      name: "status",
      ...head("Status", "status"),
      width: "9rem",
      indent: true,
      cell: ({ order }) => <Status order={order} />,
    },
    {
      name: "made",
      ...head("Placed", "newest"),
      right: true,
      width: "minmax(0,1fr)",
      cell: ({ order }) => <span className="tabular text-soft">{when(order.created_at)}</span>,
    },
    {
      name: "actions",
      head: <span className="sr-only">Actions</span>,
      right: true,
      width: "13rem",
      cell: ({ order }) => <Actions order={order} onReplace={onReplace} />,
    },
  ];
}

const ROW = 56;

export function Rows(props: ListProps) {
  const go = useNavigate();
  const place = useRef<HTMLDivElement>(null);
  const { onEnd, lines } = props;
  useEffect(() => {
    const scrolled = place.current?.firstElementChild;
    if (!scrolled) return;
    const look = () => {
      const { scrollTop, clientHeight, scrollHeight } = scrolled;
      if (scrollTop + clientHeight > scrollHeight - 30 * ROW) onEnd();
    };
    look();
    scrolled.addEventListener("scroll", look, { passive: true });
    return () => scrolled.removeEventListener("scroll", look);
  }, [onEnd]);
  return (
    <div ref={place}>
      <Table
        label="Orders"
        columns={columnsOf(props)}
        rows={lines}
        rowKey={({ order }) => order.id}
        rowHeight={ROW}
        height="calc(100dvh - 17.5rem)"
        rowLabel={({ order }) => `Open ${titleWords(order)}`}
        onRow={({ order }) => go({ to: "/orders/$id", params: { id: order.id } })}
      />
    </div>
  );
}

const CARD = 132;

export function Cards({ lines, onReplace, onEnd }: ListProps) {
  const place = useRef<HTMLUListElement>(null);
  const [margin, setMargin] = useState(0);
  // What stands above may have grown.
  useLayoutEffect(() => {
    if (place.current === null) return;
    const top = Math.round(place.current.getBoundingClientRect().top + window.scrollY);
    if (top !== margin) setMargin(top);
  });
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => CARD,
    overscan: 6,
    scrollMargin: margin,
    getItemKey: (index) => lines[index]?.order.id ?? index,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= lines.length - 10) onEnd();
  }, [last, lines.length, onEnd]);
  return (
    <ul
      ref={place}
      aria-label="Orders"
      className="relative"
      style={{ height: virtual.getTotalSize() }}
    >
      {shown.map(({ index, start }) => {
        const line = lines[index];
        if (line === undefined) return null;
        return (
          <li
            key={line.order.id}
            ref={virtual.measureElement}
            data-index={index}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${start - margin}px)` }}
          >
            <Card line={line} onReplace={onReplace} />
          </li>
        );
      })}
    </ul>
  );
}

function Card({
  line: { order, leg },
  onReplace,
}: {
  line: Line;
  onReplace: (order: Order) => void;
}) {
  const part = partWords(order);
  const filled = sign(order.filled_qty) > 0;
  return (
    <article
      className={classes("relative border-line/60 border-b px-4 py-3", leg && "bg-sunken/60 pl-7")}
    >
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 font-medium">
          <Link
            to="/orders/$id"
            params={{ id: order.id }}
            className="after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-accent"
          >
            <Side order={order} /> {quantity(order.qty)} {order.symbol}
          </Link>
        </h2>
        <Status order={order} />
      </div>
      <p className="tabular mt-0.5 truncate text-soft">
        {part && `${part} · `}
        {typeWords(order)}
        {order.type !== "market" && ` ${priceWords(order)}`} · {timeWords(order)}
      </p>
      <p className="mt-0.5 flex justify-between gap-3 text-soft text-xs">
        <span className="tabular">
          {filled
            ? `${quantity(order.filled_qty)} filled at ${average(order.filled_avg_price)}`
            : "Nothing filled"}
        </span>
        <span className="tabular">{when(order.created_at)}</span>
      </p>
      {isOpen(order) && (
        <div className="relative z-[1] mt-2.5 grid grid-cols-2 gap-2 sm:ml-auto sm:max-w-64">
          {canReplace(order) && (
            <Button
              className="min-h-11"
              aria-label={`Change: ${titleWords(order)}`}
              onClick={() => onReplace(order)}
            >
              Change
            </Button>
          )}
          <CancelButton
            order={order}
            size="medium"
            className={classes("min-h-11", !canReplace(order) && "col-span-2")}
          />
        </div>
      )}
    </article>
  );
}
