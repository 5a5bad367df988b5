/**
 * Where somebody new is on the way to a first trade: four steps, kept in this browser. It begins by
 * itself where nothing was traded yet, and again when it is asked for.
 */
import { create } from "zustand";
import { keep, kept } from "@/lib/store";

export type Step = 1 | 2 | 3 | 4;

export interface Tour {
  /** Null: it has neither been begun nor left. */
  readonly step: Step | "left" | null;
  /** The order of the first fill since it was begun. */
  readonly order: string | null;
}

export function read(text: string | null): Tour["step"] {
  if (text === "left") return "left";
  const step = Number(text);
  return step === 1 || step === 2 || step === 3 || step === 4 ? step : null;
}

export const useTour = create<Tour>(() => {
  const step = read(kept("tour"));
  // Which order it was is not kept: the step before leads to it again.
  return { step: step === 4 ? 3 : step, order: null };
});

function go(step: Step | "left", order: string | null = null): void {
  keep("tour", `${step}`);
  useTour.setState({ step, order });
}

export const beginTour = (): void => go(1);
export const leaveTour = (): void => go("left");

/** To a step that is further than the present one; nowhere after it was left. */
export function reach(step: Step, order: string | null = null): void {
  const { step: now } = useTour.getState();
  if (typeof now === "number" && step > now) go(step, order);
}
