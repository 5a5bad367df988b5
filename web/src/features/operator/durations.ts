/** How long something took, in the unit that fits, and the parts of a request as people call them. */
import type { Schemas } from "@/api/client";

export type Seen = Schemas["RequestSeen"];
export type Span = Schemas["SpanSeen"];
export type Route = Schemas["RouteSeen"];

const US = 1_000;
const MS = 1_000_000;
const SECOND = 1_000_000_000;

/** Three digits at most: 850 µs, 1.24 ms, 12.4 ms, 3.4 s. */
export function took(ns: number): string {
  if (ns >= SECOND) return `${digits(ns / SECOND)} s`;
  if (ns >= MS) return `${digits(ns / MS)} ms`;
  return `${digits(ns / US)} µs`;
}

function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export const PARTS: Readonly<Record<string, { label: string; look: string }>> = {
  waiting: { label: "In line", look: "bg-line-strong" },
  journal: { label: "Journal", look: "bg-accent" },
  engine: { label: "Engine", look: "bg-up" },
  catching_up: { label: "Catching up", look: "bg-line-strong" },
  database: { label: "Database", look: "bg-warn" },
  people: { label: "People’s desk", look: "bg-warn" },
  audit: { label: "Audit log", look: "bg-accent" },
  serialisation: { label: "Answer made", look: "bg-soft" },
  cache: { label: "Cache", look: "bg-accent" },
  outside: { label: "Outside call", look: "bg-down" },
  own: { label: "Our own work", look: "bg-line-strong/50" },
};

export const partLabel = (part: string): string => PARTS[part]?.label ?? part;
export const partLook = (part: string): string => PARTS[part]?.look ?? "bg-soft";

export interface Bar {
  readonly key: string;
  readonly label: string;
  readonly word: string;
  readonly look: string;
  /** In percent of the whole. */
  readonly left: number;
  readonly width: number;
  readonly begun: number;
  readonly took: number;
}

/** The parts of a request, where they lie in it. A bar is never too thin to be seen. */
export function waterfall(spans: readonly Span[], whole: number): Bar[] {
  const percent = (ns: number) => (whole > 0 ? Math.min(100, Math.max(0, (ns / whole) * 100)) : 0);
  return spans.map((one, at) => {
    const left = Math.min(percent(one.begun_ns), 99.5);
    return {
      key: `${at} ${one.part}`,
      label: partLabel(one.part),
      word: one.word,
      look: partLook(one.part),
      left,
      width: Math.max(0.5, Math.min(percent(one.took_ns), 100 - left)),
      begun: one.begun_ns,
      took: one.took_ns,
    };
  });
}

/** How much of a request none of its parts covers; parts may lie within each other. */
export function uncovered(spans: readonly Span[], whole: number): number {
  let covered = 0;
  let end = 0;
  for (const one of [...spans].sort((a, b) => a.begun_ns - b.begun_ns)) {
    const over = Math.min(whole, one.begun_ns + one.took_ns);
    covered += Math.max(0, over - Math.max(end, one.begun_ns));
    end = Math.max(end, over);
  }
  return Math.max(0, whole - covered);
}

/** What an average request of a route spent where, the most first; what is left is our own work. */
export function shares(route: Route): { part: string; ns: number; percent: number }[] {
  const known = route.parts.filter((one) => one.mean_ns > 0);
  const own = Math.max(0, route.mean_ns - known.reduce((sum, one) => sum + one.mean_ns, 0));
  const all = [...known.map((one) => ({ part: one.part as string, ns: one.mean_ns }))];
  if (own > 0) all.push({ part: "own", ns: own });
  const sum = all.reduce((total, one) => total + one.ns, 0) || 1;
  return all.map((one) => ({ ...one, percent: (one.ns / sum) * 100 }));
}
