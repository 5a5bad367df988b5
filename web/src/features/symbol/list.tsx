/** The symbols in rows that move, in the order that is asked for. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { compare, toNumber } from "@/lib/decimal";
import { compact, NONE, percent, price } from "@/lib/format";
import { LAST_BARS, lastBars } from "@/state/market";
import { useQuote, useView } from "@/state/ticks";
import { Empty } from "@/ui/card";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import { Moving } from "@/ui/moving";
import { Sparkline } from "@/ui/sparkline";
import { type Column, Table } from "@/ui/table";
import { changeOf } from "./change";
import { type By, type Listed, ranked } from "./ranking";

/** Lines are drawn for so many, the first ones of the list. */
const LINES = 60;

interface Sort {
  readonly by: By;
  readonly down: boolean;
}

export function List({ rows, wanted }: { rows: readonly Listed[]; wanted: string }) {
  const [sort, setSort] = useState<Sort>({ by: "symbol", down: false });
  const go = useNavigate();
  const sorted = useMemo(() => ranked(rows, sort.by, sort.down), [rows, sort]);
  const lines = useLines(rows);
  const columns = useMemo(() => columnsOf(sort, setSort, lines), [sort, lines]);
  if (rows.length === 0) {
    return (
      <Empty
        title={wanted ? `Nothing here is called “${wanted}”` : "None of this kind is traded here"}
      >
        {wanted ? "Try part of its ticker or name, or another kind." : "Choose another kind."}
      </Empty>
    );
  }
  return (
    <Table
      label="Symbols"
      columns={columns}
      rows={sorted}
      rowKey={({ asset }) => asset.symbol}
      rowHeight={56}
      height="max(24rem, calc(100dvh - 20rem))"
      rowLabel={({ asset }) => `Open ${asset.symbol}`}
      onRow={({ asset }) => go({ to: "/symbols/$", params: { _splat: asset.symbol } })}
    />
  );
}

type Lines = ReadonlyMap<string, readonly string[]>;

/** The closes of the last hours, by symbol. */
function useLines(rows: readonly Listed[]): Lines {
  const symbols = useMemo(
    () =>
      rows
        .slice(0, LINES)
        .map(({ asset }) => asset.symbol)
        .sort(),
    [rows],
  );
  const { data } = useQuery(lastBars(symbols));
  return useMemo(() => {
    const found = new Map<string, string[]>();
    for (const bar of data?.bars ?? []) {
      if (bar.close === null) continue;
      const closes = found.get(bar.symbol);
      if (closes) closes.push(bar.close);
      else found.set(bar.symbol, [bar.close]);
    }
    for (const [symbol, closes] of found) found.set(symbol, closes.slice(-LAST_BARS));
    return found;
  }, [data]);
}

function columnsOf(
  sort: Sort,
  onSort: (sort: Sort) => void,
  lines: Lines,
): readonly Column<Listed>[] {
  const head = (name: string, by: By) => ({
    head: <Sorting name={name} by={by} sort={sort} onSort={onSort} />,
    sorted:
      sort.by !== by
        ? ("none" as const)
        : sort.down
          ? ("descending" as const)
          : ("ascending" as const),
  });
  return [
    {
      name: "symbol",
      ...head("Symbol", "symbol"),
      width: "minmax(0,1.7fr)",
      cell: ({ asset }) => (
        <>
          <div className="flex items-center gap-2 font-medium">
            {asset.symbol}
            {asset.halted && <Badge look="bg-warn-wash text-warn">halted</Badge>}
            {!asset.halted && asset.phase !== "open" && (
              <Badge look="bg-sunken text-soft">
                {{ closed: "closed", pre: "pre-market", post: "after hours" }[asset.phase]}
              </Badge>
            )}
          </div>
          <div className="truncate text-soft text-xs">{asset.name}</div>
        </>
      ),
    },
    {
      name: "line",
      head: "Two hours",
      wide: true,
      cell: ({ asset }) => <Line closes={lines.get(asset.symbol)} />,
    },
    { name: "price", ...head("Price", "price"), right: true, cell: (one) => <Priced row={one} /> },
    { name: "change", ...head("Day", "change"), right: true, cell: (one) => <Changed row={one} /> },
    {
      name: "turnover",
      ...head("Turnover", "turnover"),
      right: true,
      wide: true,
      cell: ({ turnover }) => (
        <span className="tabular">{turnover === null ? NONE : `$${compact(turnover)}`}</span>
      ),
    },
  ];
}

function Badge({ look, children }: { look: string; children: string | undefined }) {
  return (
    <span className={classes("rounded px-1.5 py-px font-normal text-[0.6875rem]", look)}>
      {children}
    </span>
  );
}

function Line({ closes }: { closes: readonly string[] | undefined }) {
  const [first, last] = [closes?.[0], closes?.at(-1)];
  if (closes === undefined || closes.length < 2 || !first || !last) return null;
  return (
    <Sparkline
      values={closes.map(toNumber)}
      rises={compare(last, first) >= 0}
      className="h-8 w-full max-w-36"
    />
  );
}

function Priced({ row }: { row: Listed }) {
  const quote = useQuote(row.asset.symbol);
  const at = quote?.last ?? quote?.bid ?? row.price;
  return (
    <Moving value={at} className="font-medium">
      {price(at)}
    </Moving>
  );
}

function Changed({ row }: { row: Listed }) {
  const view = useView(row.asset.symbol);
  const change = view ? (changeOf(view)?.percent ?? null) : row.change;
  return (
    <Change value={change ?? "0"} className="live justify-end">
      {percent(change)}
    </Change>
  );
}

/** A head that puts rows in the order of its column, and turns it around. */
function Sorting({
  name,
  by,
  sort,
  onSort,
}: {
  name: string;
  by: By;
  sort: Sort;
  onSort: (sort: Sort) => void;
}) {
  const on = sort.by === by;
  return (
    <button
      type="button"
      onClick={() => onSort({ by, down: on ? !sort.down : by !== "symbol" })}
      className={classes(
        "min-h-6 rounded hover:text-ink focus-visible:-outline-offset-2",
        on && "font-medium text-ink",
      )}
    >
      {name}
      <span aria-hidden="true">{on ? (sort.down ? " ↓" : " ↑") : ""}</span>
    </button>
  );
}
