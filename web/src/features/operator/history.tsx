/** A route's P50 and P99 over time, as two lines; the words beside them say the same. */
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { Card, Empty, Waiting } from "@/ui/card";
import { took } from "./durations";
import { type Chosen, history, type Minutes } from "./measured";

type Seen = Schemas["RouteHistory"];
const WIDTH = 600;
const HEIGHT = 120;

export function History({ minutes, chosen }: { minutes: Minutes; chosen: Chosen | null }) {
  const { data, error } = useQuery(history(minutes, chosen));
  const worst = data?.points.reduce((most, one) => Math.max(most, one.p99_ns), 0) ?? 0;
  return (
    <Card
      title="Over time"
      aside={
        <ul className="flex gap-4 text-soft text-xs">
          <li className="flex items-center gap-1.5">
            <span className="h-0.5 w-4 rounded bg-accent" aria-hidden="true" /> P99
          </li>
          <li className="flex items-center gap-1.5">
            <span className="h-0.5 w-4 rounded bg-line-strong" aria-hidden="true" /> P50
          </li>
        </ul>
      }
    >
      {error !== null && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="h-32" />
      ) : data.points.length === 0 ? (
        <Empty title="Nothing was asked for in this time" />
      ) : (
        <figure>
          <Lines seen={data} worst={worst} />
          <figcaption className="mt-1 flex justify-between gap-3 text-soft text-xs">
            <span>{clock(data.start)}</span>
            <span>slowest P99 {took(worst)}</span>
            <span>{clock(data.end)}</span>
          </figcaption>
        </figure>
      )}
    </Card>
  );
}

const clock = (at: string) =>
  new Date(at).toLocaleString("en-US", {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });

function Lines({ seen, worst }: { seen: Seen; worst: number }) {
  const start = Date.parse(seen.start);
  const whole = Math.max(1, Date.parse(seen.end) - start);
  const place = (at: string, ns: number) => {
    const x = ((Date.parse(at) + seen.step_s * 500 - start) / whole) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - 2 - (ns / (worst || 1)) * (HEIGHT - 8)).toFixed(1)}`;
  };
  const line = (of: "p50_ns" | "p99_ns") => seen.points.map((one) => place(one.at, one[of]));
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="block h-32 w-full"
      role="img"
      aria-label={`P50 and P99 over time, the slowest P99 ${took(worst)}`}
    >
      {[0.25, 0.5, 0.75].map((part) => (
        <line
          key={part}
          x1="0"
          x2={WIDTH}
          y1={HEIGHT * part}
          y2={HEIGHT * part}
          stroke="var(--line)"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <Line points={line("p50_ns")} color="var(--line-strong)" />
      <Line points={line("p99_ns")} color="var(--accent)" />
    </svg>
  );
}

/** A single point is a short stroke: a line of one point cannot be seen. */
function Line({ points, color }: { points: readonly string[]; color: string }) {
  const [only = ""] = points;
  const [x = "0", y = "0"] = only.split(",");
  const drawn = points.length > 1 ? points : [`${Number(x) - 6},${y}`, `${Number(x) + 6},${y}`];
  return (
    <polyline
      points={drawn.join(" ")}
      fill="none"
      stroke={color}
      strokeWidth="1.75"
      strokeLinejoin="round"
      strokeLinecap="round"
      vectorEffect="non-scaling-stroke"
    />
  );
}
