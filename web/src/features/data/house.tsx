/** The server's own parts: whether each is well, what it asks of others, what comes and goes. */
import { age, compact } from "@/lib/format";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import type { Health } from "./health";
import { rateWords } from "./pace";
import { leftOutWords, partWords } from "./words";

export function Parts({ health: { ready } }: { health: Health }) {
  return (
    <Card title="Parts" flush>
      {ready === undefined ? (
        <Waiting className="mx-4 mb-4 h-56" />
      ) : (
        <ul>
          {ready.checks.map((one) => (
            <li
              key={one.name}
              className="flex items-start gap-2.5 border-line/60 border-b px-4 py-2 last:border-b-0"
            >
              <Icon
                name={one.ok ? "check" : "warn"}
                className={classes("mt-0.5 size-4", one.ok ? "text-up" : "text-down")}
              />
              <div className="min-w-0">
                <p className="font-medium">
                  {partWords(one.name)}
                  <span className="sr-only">{one.ok ? ": well" : ": not well"}</span>
                </p>
                <p className="live text-soft text-xs">{one.detail}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const BREAKER: Record<string, string> = {
  closed: "asked as usual",
  open: "left alone, because its last calls failed",
  half_open: "one call may try",
};

export function Breakers({ health: { data, now } }: { health: Health }) {
  return (
    <Card title="Servers that are asked" flush>
      {data === undefined ? (
        <Waiting className="mx-4 mb-4 h-16" />
      ) : data.breakers.length === 0 ? (
        <Empty title="None so far">
          A server that fails too often is left alone for half a minute; that is told here.
        </Empty>
      ) : (
        <ul>
          {data.breakers.map((one) => (
            <li key={one.name} className="border-line/60 border-b px-4 py-2.5 last:border-b-0">
              <p className="flex items-center gap-2 font-medium">
                <Icon
                  name={one.state === "closed" ? "check" : "warn"}
                  className={classes("size-4", one.state === "closed" ? "text-up" : "text-warn")}
                />
                {one.name}
              </p>
              <p className="text-soft text-xs">
                {BREAKER[one.state] ?? one.state}
                {one.retry_at && `; tried again in ${age(Date.parse(one.retry_at) - now)}`}
              </p>
              <p className="tabular text-soft text-xs">
                {one.calls.toLocaleString("en-US")} calls, {one.failures.toLocaleString("en-US")}{" "}
                failed, {one.refusals.toLocaleString("en-US")} not made
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function Webhook({ health: { data, pace } }: { health: Health }) {
  const ingest = data?.ingest;
  return (
    <Card title="Webhook">
      {data === undefined ? (
        <Waiting className="h-16" />
      ) : !ingest ? (
        <p className="text-pretty text-soft">
          It is closed. With INGEST_USERNAME and INGEST_PASSWORD set, other programs may send ticks
          to this server.
        </p>
      ) : (
        <>
          <dl className="space-y-2">
            <Fact name="Taken a second" value={rateWords(pace.rates.get("taken")?.at(-1))} />
            <Fact name="Refused a second" value={rateWords(pace.rates.get("denied")?.at(-1))} />
            <Fact name="Taken" value={compact(String(ingest.taken))} />
            <Fact name="Known already" value={compact(String(ingest.duplicates))} />
            <Fact name="Asked to come again" value={compact(String(ingest.put_off))} />
          </dl>
          {ingest.denied.length > 0 && (
            <ul className="mt-3 space-y-1 border-line border-t pt-3">
              {ingest.denied.map((one) => (
                <li key={one.reason} className="flex justify-between gap-3 text-[0.8125rem]">
                  <span className="text-soft">{leftOutWords(one.reason)}</span>
                  <span className="tabular">{one.count.toLocaleString("en-US")}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Card>
  );
}

export function Listeners({ health: { data, pace } }: { health: Health }) {
  const gateway = data?.gateway;
  return (
    <Card title="Streams">
      {gateway === undefined ? (
        <Waiting className="h-28" />
      ) : (
        <dl className="space-y-2">
          <Fact
            name="Open"
            value={`${gateway.streams} by ${gateway.users} ${gateway.users === 1 ? "user" : "users"}`}
          />
          <Fact name="Messages a second" value={rateWords(pace.rates.get("sent")?.at(-1))} />
          <Fact name="Sent so far" value={`${compact(String(gateway.sent_bytes))} bytes`} />
          <Fact name="Take nothing now" value={String(gateway.blocked)} />
          <Fact name="Closed: read too slowly" value={String(gateway.cut_off)} />
          <Fact name="Refused by a limit" value={String(gateway.refused)} />
        </dl>
      )}
    </Card>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="text-soft">{name}</dt>
      <dd className="live tabular">{value}</dd>
    </div>
  );
}
