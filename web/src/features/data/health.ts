/** What the server says of its data, asked for every two seconds, and at once when a feed changes. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, call } from "@/api/client";
import { connection, onFrame } from "@/state/live";
import { queryClient } from "@/state/queries";
import type { Feeds, Finding, Readiness } from "./findings";
import { NO_PACE, type Pace, paced } from "./pace";

const EVERY_MS = 2_000;

const feedHealth = queryOptions({
  queryKey: ["feeds"],
  queryFn: () => call(api.GET("/api/v1/feeds")),
  refetchInterval: EVERY_MS,
  staleTime: 0,
});

const readiness = queryOptions({
  queryKey: ["readiness"],
  // What is not ready is told with 503, and is an answer all the same.
  queryFn: async (): Promise<Readiness> => {
    const { data, error, response } = await api.GET("/health/readiness");
    const found = data ?? (error as Readiness | undefined);
    if (found && "checks" in found) return found;
    return call(Promise.resolve({ error, response }));
  },
  refetchInterval: EVERY_MS * 2,
  staleTime: 0,
});

/** Counts that grow, by name: `source NYSE`, `feed massive`, `taken`, `denied`, `sent`. */
function counts(data: Feeds): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of data.sources) found.set(`source ${one.source}`, one.ticks);
  for (const one of data.feeds) found.set(`feed ${one.name}`, one.ticks);
  found.set("ticks", data.market.ticks);
  found.set("taken", data.ingest?.taken ?? 0);
  const denied = data.ingest?.denied.reduce((sum, one) => sum + one.count, 0);
  found.set("denied", denied ?? 0);
  found.set("sent", data.gateway.sent);
  return found;
}

export interface Health {
  readonly data: Feeds | undefined;
  readonly ready: Readiness | undefined;
  /** Nothing was answered, or nothing new. */
  readonly error: unknown;
  readonly pace: Pace;
  /** The server's clock at this moment, in milliseconds. */
  readonly now: number;
  /** The world's, which a replay moves. */
  readonly worldNow: number;
  readonly again: () => void;
}

export function useHealth(): Health {
  const { data, error, dataUpdatedAt, refetch } = useQuery(feedHealth);
  const ready = useQuery(readiness).data;
  const [pace, setPace] = useState(NO_PACE);
  const now = useNow();
  useEffect(() => {
    const stop = connection.listen("feeds");
    const end = onFrame((frame) => {
      if (frame.type === "feeds") void queryClient.invalidateQueries(feedHealth);
    });
    return () => {
      end();
      stop();
    };
  }, []);
  useEffect(() => {
    if (data) setPace((before) => paced(before, Date.parse(data.at), counts(data)));
  }, [data]);
  // The clocks of server and browser differ: what passed since the answer is added to its time.
  const passed = Math.max(0, now - dataUpdatedAt);
  return {
    data,
    ready,
    error,
    pace,
    now: data ? Date.parse(data.at) + passed : now,
    worldNow: data ? Date.parse(data.world_at) + passed : now,
    again: () => void refetch(),
  };
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  return now;
}

/** Since when each thing has been wrong: as told, or since this page first saw it. */
export function useSince(found: readonly Finding[], now: number): (one: Finding) => number {
  const seen = useRef(new Map<string, number>());
  const there = new Set(found.map((one) => one.id));
  for (const id of seen.current.keys()) if (!there.has(id)) seen.current.delete(id);
  for (const { id } of found) if (!seen.current.has(id)) seen.current.set(id, now);
  return (one) => (one.since === null ? (seen.current.get(one.id) ?? now) : Date.parse(one.since));
}
