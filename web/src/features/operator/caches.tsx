/** How often each cache knew the answer. */
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { Card, Empty, Waiting } from "@/ui/card";
import { caches, type Minutes } from "./measured";

type Reads = Schemas["CacheReads"];

export function Caches({ minutes }: { minutes: Minutes }) {
  const { data, error } = useQuery(caches(minutes));
  return (
    <Card title="Cache hit rates">
      {error !== null && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="h-24" />
      ) : (
        <ul className="space-y-3">
          {data.caches.map((one) => (
            <li key={one.kind}>
              <div className="flex items-baseline justify-between gap-3">
                <span className="font-medium">{one.kind}</span>
                <span className="tabular font-semibold">{rate(one.window)}</span>
              </div>
              <div className="mt-1 h-1.5 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
                <div
                  className="h-full bg-accent"
                  style={{ width: `${Number(one.window.hit_percent ?? 0)}%` }}
                />
              </div>
              <p className="mt-1 text-soft text-xs">
                {counts(one.window)} · since the start {rate(one.since_start)} of{" "}
                {total(one.since_start).toLocaleString("en-US")} · holds{" "}
                {one.entries.toLocaleString("en-US")}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const total = (reads: Reads) => reads.hit + reads.miss + reads.stale + reads.unavailable;
const rate = (reads: Reads) => (reads.hit_percent === null ? "—" : `${reads.hit_percent} %`);

function counts(reads: Reads): string {
  const said = [`${reads.hit} known`, `${reads.miss} asked for`];
  if (reads.stale > 0) said.push(`${reads.stale} stale`);
  if (reads.unavailable > 0) said.push(`${reads.unavailable} not available`);
  return said.join(", ");
}
