/** Every route of the window, slowest P99 first unless asked otherwise; pressing one chooses it. */
import { useState } from "react";
import { classes } from "@/ui/classes";
import { type Column, Table } from "@/ui/table";
import { type Route, took } from "./durations";
import type { Chosen } from "./measured";

type By = "p99_ns" | "p50_ns" | "count" | "failed";
const WORST_NS = 500_000_000;

export function RouteTable({
  routes,
  chosen,
  onChoose,
}: {
  routes: readonly Route[];
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
}) {
  const [by, setBy] = useState<By>("p99_ns");
  const rows = [...routes].sort((a, b) => b[by] - a[by] || a.route.localeCompare(b.route));
  const slowest = Math.max(...routes.map((one) => one.p99_ns), 1);
  const head = (name: By, label: string) => (
    <button
      type="button"
      onClick={() => setBy(name)}
      className={classes("min-h-8 hover:text-ink", by === name && "font-medium text-ink")}
    >
      {label}
    </button>
  );
  const sorted = (name: By) => (by === name ? ("descending" as const) : ("none" as const));
  const columns: readonly Column<Route>[] = [
    {
      name: "route",
      head: "Route",
      width: "minmax(0,2.4fr)",
      cell: (one) => (
        <div className="min-w-0">
          <div
            className={classes(
              "truncate font-medium",
              chosen?.route === one.route && chosen.method === one.method && "text-accent",
            )}
            title={one.route}
          >
            <span className="text-soft">{one.method}</span> {one.route}
          </div>
          <div className="mt-1 h-1 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
            <div
              className={classes("h-full", one.p99_ns >= WORST_NS ? "bg-down" : "bg-accent")}
              style={{ width: `${Math.max(1, (one.p99_ns / slowest) * 100)}%` }}
            />
          </div>
        </div>
      ),
    },
    {
      name: "p99",
      head: head("p99_ns", "P99"),
      sorted: sorted("p99_ns"),
      right: true,
      width: "minmax(0,0.8fr)",
      cell: (one) => <span className="live tabular font-medium">{took(one.p99_ns)}</span>,
    },
    {
      name: "p95",
      head: "P95",
      right: true,
      wide: true,
      width: "minmax(0,0.7fr)",
      cell: (one) => <span className="live tabular">{took(one.p95_ns)}</span>,
    },
    {
      name: "p50",
      head: head("p50_ns", "P50"),
      sorted: sorted("p50_ns"),
      right: true,
      wide: true,
      width: "minmax(0,0.7fr)",
      cell: (one) => <span className="live tabular">{took(one.p50_ns)}</span>,
    },
    {
      name: "count",
      head: head("count", "Count"),
      sorted: sorted("count"),
      right: true,
      width: "minmax(0,0.6fr)",
      cell: (one) => <span className="live tabular">{one.count.toLocaleString("en-US")}</span>,
    },
    {
      name: "failed",
      head: head("failed", "Failed"),
      sorted: sorted("failed"),
      right: true,
      wide: true,
      width: "minmax(0,0.5fr)",
      cell: (one) => (
        <span className={classes("live tabular", one.failed > 0 && "font-medium text-down")}>
          {one.failed.toLocaleString("en-US")}
        </span>
      ),
    },
  ];
  return (
    <Table
      label="Routes"
      columns={columns}
      rows={rows}
      rowKey={(one) => `${one.method} ${one.route}`}
      onRow={(one) => onChoose({ method: one.method, route: one.route })}
      rowLabel={(one) => `Look at ${one.method} ${one.route}`}
      {...(rows.length > 10 && { height: "34rem" })}
    />
  );
}
