/**
 * A table whose rows exist only where they are looked at: ten thousand scroll like ten. Columns are
 * given once; those marked `wide` are left out where there is no room for them.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import { classes } from "./classes";

export interface Column<T> {
  readonly name: string;
  readonly head: ReactNode;
  readonly cell: (row: T) => ReactNode;
  /** Of the width that is left, as in a grid: `1fr`, `7rem`. */
  readonly width?: string;
  readonly right?: boolean;
  /** It stands after a column of numbers, from which it keeps away. */
  readonly indent?: boolean;
  /** Only on screens from 640 pixels. */
  readonly wide?: boolean;
  /** Rows are in the order of this column; its head then is a button that changes that. */
  readonly sorted?: "ascending" | "descending" | "none";
}

export function Table<T>({
  label,
  columns,
  rows,
  rowKey,
  rowHeight = 52,
  height,
  onRow,
  rowLabel,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  rowHeight?: number;
  /** The most it takes before it scrolls by itself, as a CSS length. */
  height?: string;
  /** What pressing a row does; `rowLabel` says it. */
  onRow?: (row: T) => void;
  rowLabel?: (row: T) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (index) => rowKey(rows[index] as T),
  });
  const scrolls = height !== undefined;
  const shown = scrolls
    ? virtual.getVirtualItems().map(({ index, start }) => ({ index, start }))
    : rows.map((_, index) => ({ index, start: index * rowHeight }));
  const template = (wide: boolean) =>
    columns
      .filter((one) => wide || !one.wide)
      .map((one) => one.width ?? "minmax(0,1fr)")
      .join(" ");
  const look = (one: Column<T>) =>
    classes(
      one.wide && "hidden sm:block",
      one.right && "text-right",
      one.indent && "pl-4",
      "min-w-0 truncate",
    );
  return (
    <div
      ref={place}
      tabIndex={scrolls ? 0 : undefined}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      className="overflow-auto"
      style={
        {
          maxHeight: height,
          "--narrow": template(false),
          "--wide": template(true),
        } as React.CSSProperties
      }
    >
      <div role="rowgroup" className="sticky top-0 z-10 bg-surface">
        <div
          role="row"
          aria-rowindex={1}
          className={classes(GRID, "border-line border-b py-2 text-soft text-xs")}
        >
          {columns.map((one) => (
            <div key={one.name} role="columnheader" aria-sort={one.sorted} className={look(one)}>
              {one.head}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: rows.length * rowHeight }}>
        {shown.map(({ index, start }) => {
          const row = rows[index] as T;
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={index + 2}
              className={classes(
                GRID,
                "absolute inset-x-0 top-0 border-line/60 border-b last:border-b-0",
                onRow && "hover:bg-sunken",
              )}
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
            >
              {columns.map((one, at) => (
                <div key={one.name} role="cell" className={look(one)}>
                  {onRow && at === 0 && (
                    <button
                      type="button"
                      aria-label={rowLabel?.(row) ?? rowKey(row)}
                      onClick={() => onRow(row)}
                      className="absolute inset-0 focus-visible:-outline-offset-2"
                    />
                  )}
                  {one.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const GRID =
  "grid items-center gap-3 px-4 [grid-template-columns:var(--narrow)] sm:[grid-template-columns:var(--wide)]";
