/** What the controls show, asked for while somebody looks, and one way to use any of them. */
import { queryOptions } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { type Told, told } from "@/api/problem";
import { queryClient } from "@/state/queries";

export type Clock = Schemas["SimClockSeen"];
export type Controlled = Schemas["ControlledSymbol"];
export type Fault = Schemas["FaultRule"];

export const clock = queryOptions({
  queryKey: ["controls", "clock"],
  queryFn: () => call(api.GET("/api/v1/sim/clock")),
  refetchInterval: 500,
  staleTime: 0,
});

export const controlled = queryOptions({
  queryKey: ["controls", "market"],
  queryFn: () => call(api.GET("/api/v1/sim/market")),
  refetchInterval: 1_000,
});

export const faults = queryOptions({
  queryKey: ["controls", "faults"],
  queryFn: () => call(api.GET("/api/v1/sim/faults")),
  refetchInterval: 1_000,
});

export type Outcome = Schemas["Outcome"];

export const outcomes = queryOptions({
  queryKey: ["controls", "outcomes"],
  queryFn: () => call(api.GET("/api/v1/sim/outcomes")),
  refetchInterval: 1_000,
});

export interface Use {
  /** What is being done, by its name, until it has been answered. */
  readonly busy: string | null;
  readonly problem: Told | null;
  readonly act: (name: string, work: () => Promise<unknown>) => Promise<boolean>;
}

/** Does one thing at a time; everything shown is asked for anew after it. */
export function useAct(): Use {
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<Told | null>(null);
  const act = useCallback(async (name: string, work: () => Promise<unknown>) => {
    setBusy(name);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(told(error));
      return false;
    } finally {
      setBusy(null);
      void queryClient.invalidateQueries({ queryKey: ["controls"] });
    }
  }, []);
  return { busy, problem, act };
}
