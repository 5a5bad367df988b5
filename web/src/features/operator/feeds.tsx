/** Feeds and the circuit breakers of what is asked outside: whether they work, and since when not. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import { when } from "@/lib/format";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { feeds } from "./asked";
import { Operator } from "./frame";

export default function Feeds() {
  return (
    <Operator admin>
      <States />
    </Operator>
  );
}

function States() {
  const { data, error } = useQuery(feeds);
  if (error && data === undefined) {
    return <Empty title={told(error).wrong}>{told(error).right}</Empty>;
  }
  if (data === undefined) return <Waiting className="h-72" />;
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Where prices come from" flush>
        <Rows empty="No source has spoken yet.">
          {data.sources.map((one) => (
            <Row key={one.source} name={one.source} good word={one.kind}>
              {one.ticks.toLocaleString()} ticks, {one.quoting} symbols quoted now
              {one.last_tick_at && `, last ${when(one.last_tick_at)}`}
            </Row>
          ))}
        </Rows>
      </Card>
      <Card title="Feeds" flush>
        <Rows empty="No feed is followed: STOCKYARD_FEEDS names them.">
          {data.feeds.map((one) => (
            <Row
              key={one.name}
              name={one.name}
              good={!one.stale}
              word={one.stale ? `${one.state}, stale` : one.state}
            >
              {one.ticks.toLocaleString()} ticks, {one.reconnects} reconnects
              {one.retry_at && `, tried again ${when(one.retry_at)}`}
              {one.problems.map((seen) => (
                <span key={seen.kind} className="block">
                  {seen.count} × {seen.kind.replaceAll("_", " ")}: {seen.last}
                </span>
              ))}
            </Row>
          ))}
        </Rows>
      </Card>
      <Card title="Circuit breakers" flush>
        <Rows empty="Nothing outside has been asked yet.">
          {data.breakers.map((one) => (
            <Row key={one.name} name={one.name} good={one.state === "closed"} word={one.state}>
              {one.failures} of {one.calls} calls failed, {one.refusals} were not made
              {one.retry_at && `, one may try ${when(one.retry_at)}`}
            </Row>
          ))}
        </Rows>
      </Card>
      <Card title="The market" flush>
        <Rows empty="">
          <Row name="Streams" good={data.gateway.blocked === 0} word={`${data.gateway.streams}`}>
            {data.gateway.users} users, {data.gateway.blocked} blocked, {data.gateway.cut_off} cut
            off, {data.gateway.refused} refused
          </Row>
          <Row
            name="Inputs that wait"
            good={data.market.waiting < 1000}
            word={`${data.market.waiting}`}
          >
            {data.market.ticks.toLocaleString()} ticks taken, {data.market.too_late} too late
          </Row>
          <Row
            name="Halted or crossed"
            good={data.market.crossed.length === 0}
            word={`${data.market.halted.length + data.market.crossed.length}`}
          >
            {[...data.market.halted, ...data.market.crossed].join(", ") || "none"}
          </Row>
        </Rows>
      </Card>
      <p className="text-[0.8125rem] text-soft lg:col-span-2">
        What each source says, tick by tick:{" "}
        <Link to="/data" className="font-medium text-accent underline underline-offset-4">
          market data
        </Link>
      </p>
    </div>
  );
}

function Rows({ children, empty }: { children: ReactNode; empty: string }) {
  if (Array.isArray(children) && children.length === 0) {
    return <p className="px-4 pb-4 text-soft">{empty}</p>;
  }
  return <ul className="border-line/60 border-t">{children}</ul>;
}

function Row({
  name,
  word,
  good,
  children,
}: {
  name: string;
  word: string;
  good: boolean;
  children: ReactNode;
}) {
  return (
    <li className="flex items-start justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0">
      <div className="min-w-0">
        <p className="font-medium">{name}</p>
        <p className="break-words text-[0.8125rem] text-soft">{children}</p>
      </div>
      <span
        className={classes(
          "shrink-0 rounded px-1.5 py-px text-xs",
          good ? "bg-sunken text-soft" : "bg-down-wash text-down",
        )}
      >
        {word}
      </span>
    </li>
  );
}
