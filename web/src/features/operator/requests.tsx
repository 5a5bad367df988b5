/** Requests: how fast each route answers, where the time goes, and single requests with their parts. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { type Told, told } from "@/api/problem";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";
import { Caches } from "./caches";
import { type Route, took } from "./durations";
import { Tabs } from "./frame";
import { History } from "./history";
import { KeptRequests } from "./kept";
import { type Chosen, type Minutes, routes, WINDOWS } from "./measured";
import { RouteTable } from "./routes";
import { Shares } from "./shares";

export default function Requests() {
  const [minutes, setMinutes] = useState<Minutes>("15");
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const { data, error, refetch } = useQuery(routes(minutes));
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <Tabs />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="font-semibold text-xl tracking-tight">Requests</h1>
        <Segmented
          label="How far back"
          small
          options={WINDOWS}
          value={minutes}
          onChange={setMinutes}
        />
      </div>
      {error !== null && <Failed problem={told(error)} onAgain={() => void refetch()} />}
      {(data !== undefined || error === null) && (
        <Measured data={data} minutes={minutes} chosen={chosen} onChoose={setChosen} />
      )}
    </div>
  );
}

function Measured({
  data,
  minutes,
  chosen,
  onChoose,
}: {
  data: Schemas["RoutesSeen"] | undefined;
  minutes: Minutes;
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
}) {
  const shown =
    data && chosen
      ? data.routes.find((one) => one.route === chosen.route && one.method === chosen.method)
      : data?.all;
  return (
    <>
      {data && !data.whole && (
        <Notice kind="warn" title="Only the last minutes count">
          What was measured before lies on a disk that cannot be read now.
        </Notice>
      )}
      {data && data.lost > 0 && (
        <Notice kind="warn" title={`${data.lost.toLocaleString("en-US")} were given up`}>
          So many records and counts could not be written since the start. Look after the disk.
        </Notice>
      )}
      {chosen && (
        <div className="flex flex-wrap items-center gap-2">
          <p className="min-w-0 font-medium">
            <span className="text-soft">{chosen.method}</span> {chosen.route}
          </p>
          <Button size="small" onClick={() => onChoose(null)}>
            All routes
          </Button>
        </div>
      )}
      <Figures route={shown} loading={data === undefined} />
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0 space-y-4">
          <History minutes={minutes} chosen={chosen} />
          <Card title="Routes" flush>
            {data === undefined ? (
              <Waiting className="mx-4 mb-4 h-40" />
            ) : data.routes.length === 0 ? (
              <Empty title="Nobody asked for anything">
                Each route stands here from its first request.
              </Empty>
            ) : (
              <RouteTable routes={data.routes} chosen={chosen} onChoose={onChoose} />
            )}
          </Card>
          <KeptRequests minutes={minutes} chosen={chosen} />
        </div>
        <div className="grid min-w-0 content-start gap-4 sm:grid-cols-2 xl:grid-cols-1">
          <Shares route={shown} />
          <Caches minutes={minutes} />
        </div>
      </div>
    </>
  );
}

function Failed({ problem, onAgain }: { problem: Told; onAgain: () => void }) {
  return (
    <Notice kind="wrong" title={problem.wrong}>
      <p>{problem.right}</p>
      <Button size="small" className="mt-2" onClick={onAgain}>
        Try again
      </Button>
    </Notice>
  );
}

function Figures({ route, loading }: { route: Route | undefined; loading: boolean }) {
  const share = (count: number) =>
    route && route.count > 0 ? `${((count / route.count) * 100).toFixed(1)} %` : undefined;
  const text = (value: (known: Route) => string) =>
    route ? value(route) : loading ? undefined : "—";
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-xl border border-line bg-surface sm:grid-cols-3 lg:grid-cols-6">
      <Figure name="Requests" value={text((known) => known.count.toLocaleString("en-US"))} />
      <Figure name="P50" value={text((known) => took(known.p50_ns))} />
      <Figure name="P95" value={text((known) => took(known.p95_ns))} />
      <Figure name="P99" value={text((known) => took(known.p99_ns))} />
      <Figure
        name="Refused"
        value={text((known) => known.refused.toLocaleString("en-US"))}
        note={route && share(route.refused)}
      />
      <Figure
        name="Failed"
        value={text((known) => known.failed.toLocaleString("en-US"))}
        note={route && share(route.failed)}
        wrong={(route?.failed ?? 0) > 0}
      />
    </dl>
  );
}

function Figure({
  name,
  value,
  note,
  wrong = false,
}: {
  name: string;
  value: string | undefined;
  note?: string | undefined;
  wrong?: boolean;
}) {
  return (
    <div className="-mb-px -ml-px border-line border-b border-l px-4 py-3">
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="mt-0.5">
        {value === undefined ? (
          <Waiting className="h-6 w-16" />
        ) : (
          <>
            <span className={`live tabular font-semibold text-lg${wrong ? " text-down" : ""}`}>
              {value}
            </span>
            {note && <span className="ml-1.5 text-soft text-xs">{note}</span>}
          </>
        )}
      </dd>
    </div>
  );
}
