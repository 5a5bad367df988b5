/** The world's clock, which a replay moves: how old something is by it, and what a market is doing. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "@/api/client";
import { age } from "@/lib/format";
import type { Asset } from "@/state/instrument";
import { clock } from "@/state/market";

/** The world's time in milliseconds, a second at a time; null until it is known. */
export function useWorldNow(): number | null {
  const { data, dataUpdatedAt } = useQuery(clock);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const every = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(every);
  }, []);
  return data ? Date.parse(data.timestamp) + Math.max(0, now - dataUpdatedAt) : null;
}

/** "now", "4 s", "12 m"; empty where it is not known. */
export function agedBy(at: string | null | undefined, now: number | null): string {
  if (!at || now === null) return "";
  const passed = now - Date.parse(at);
  return passed < 1_000 ? "now" : age(passed);
}

export interface Standing {
  readonly phase: Asset["phase"];
  /** What it is doing, and until when. */
  readonly words: string;
  readonly trades: boolean;
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function at(moment: string | null | undefined, now: number): string {
  if (!moment) return "";
  const date = new Date(moment);
  const today = date.toDateString() === new Date(now).toDateString();
  return today ? TIME.format(date) : `${DAY.format(date)} ${TIME.format(date)}`;
}

/** Phase of a market in words, from its calendar. */
export function standing(
  asset: Asset,
  calendars: readonly Schemas["CalendarNow"][] | undefined,
  now: number,
): Standing {
  const found = calendars?.find(
    (one) => one.name === asset.calendar && one.asset_classes.includes(asset.asset_class),
  );
  const phase = found?.phase ?? asset.phase;
  if (asset.calendar === "always") {
    return { phase, words: "Trades around the clock", trades: true };
  }
  const words = {
    open: `Open until ${at(found?.next_close, now)}`,
    pre: `Pre-market; opens ${at(found?.next_open, now)}`,
    post: `After hours until ${at(found?.next_post_close, now)}`,
    closed: `Closed; opens ${at(found?.next_pre_open ?? found?.next_open, now)}`,
  }[phase];
  return {
    phase,
    words: found ? words : (words.split(/ until|;/)[0] ?? ""),
    trades: phase !== "closed",
  };
}
