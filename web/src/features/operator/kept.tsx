/** Requests that were kept whole: the slowest, the newest, what failed; each opens with its parts. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { age } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { classes } from "@/ui/classes";
import { CONTROL } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { type Column, Table } from "@/ui/table";
import { took } from "./durations";
import { type Chosen, type Kept, type Minutes, requests, type Sort } from "./measured";
import { Waterfall } from "./waterfall";

const SORTS: readonly { value: Sort; label: string }[] = [
  { value: "slowest", label: "Slowest" },
  { value: "newest", label: "Newest" },
  { value: "failed", label: "Failed" },
  { value: "refused", label: "Refused" },
];
const NONE: Record<Sort, string> = {
  slowest: "Nothing was kept in this time",
  newest: "Nothing was kept in this time",
  failed: "Nothing failed",
  refused: "Nothing was refused",
};

export function KeptRequests({ minutes, chosen }: { minutes: Minutes; chosen: Chosen | null }) {
  const [sort, setSort] = useState<Sort>("slowest");
  const [request, setRequest] = useState("");
  const [open, setOpen] = useState<string | null>(null);
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch, isFetching } =
    useInfiniteQuery(requests({ minutes, chosen, sort, request: request.trim() }));
  const rows = data?.pages.flatMap((page) => page.requests);
  return (
    <Card title="Single requests" flush>
      <div className="flex flex-wrap items-center gap-3 px-4 pb-3">
        <Segmented label="Which requests" small options={SORTS} value={sort} onChange={setSort} />
        <input
          aria-label="Request id"
          placeholder="Request id"
          value={request}
          onChange={(event) => setRequest(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          maxLength={64}
          className={classes(CONTROL, "min-h-10 sm:max-w-56")}
        />
        <Button size="small" busy={isFetching} onClick={() => void refetch()}>
          Look again
        </Button>
      </div>
      {error !== null ? (
        <Notice kind="wrong" title={told(error).wrong} className="mx-4 mb-4">
          {told(error).right}
        </Notice>
      ) : rows === undefined ? (
        <Waiting className="mx-4 mb-4 h-40" />
      ) : rows.length === 0 ? (
        <Empty title={NONE[sort]}>
          What failed and the slowest of each route are kept, and a few of the others.
        </Empty>
      ) : (
        <>
          <Table
            label="Single requests"
            columns={columns()}
            rows={rows}
            rowKey={(one) => one.id}
            onRow={(one) => setOpen(one.id)}
            rowLabel={(one) => `Where the time of ${one.method} ${one.route} went`}
            {...(rows.length > 10 && { height: "34rem" })}
          />
          {hasNextPage && (
            <div className="flex justify-center p-3">
              <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                More
              </Button>
            </div>
          )}
        </>
      )}
      <Waterfall id={open} onClose={() => setOpen(null)} />
    </Card>
  );
}

function columns(): readonly Column<Kept>[] {
  const now = Date.now();
  return [
    {
      name: "route",
      head: "Request",
      width: "minmax(0,2.4fr)",
      cell: (one) => (
        <div className="min-w-0">
          <div className="truncate font-medium" title={one.route}>
            <span className="text-soft">{one.method}</span> {one.route}
          </div>
          <div className="truncate text-soft text-xs">
            {age(now - Date.parse(one.at))} ago · {one.code ?? one.command ?? one.kept_for}
          </div>
        </div>
      ),
    },
    {
      name: "status",
      head: "Status",
      right: true,
      width: "minmax(0,0.6fr)",
      cell: (one) => (
        <span
          className={classes(
            "tabular",
            one.status >= 500 ? "font-medium text-down" : one.status >= 400 && "text-warn",
          )}
        >
          {one.status}
        </span>
      ),
    },
    {
      name: "took",
      head: "Took",
      right: true,
      width: "minmax(0,0.7fr)",
      cell: (one) => <span className="tabular font-medium">{took(one.took_ns)}</span>,
    },
    {
      name: "request",
      head: "Request id",
      wide: true,
      indent: true,
      width: "minmax(0,1.2fr)",
      cell: (one) => <span className="font-mono text-soft text-xs">{one.request_id || "—"}</span>,
    },
  ];
}
