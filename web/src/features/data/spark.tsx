/** A rate over the last two minutes, as a line; the number beside it says the same. */
import { classes } from "@/ui/classes";
import { KEPT } from "./pace";

const WIDTH = 120;
const HEIGHT = 28;

export function Spark({ rates, className }: { rates: readonly number[]; className?: string }) {
  const most = Math.max(...rates, 1);
  const step = WIDTH / (KEPT - 1);
  const first = WIDTH - (rates.length - 1) * step;
  const y = (rate: number) => HEIGHT - 2 - (rate / most) * (HEIGHT - 4);
  const points = rates.map((rate, at) => `${(first + at * step).toFixed(1)},${y(rate).toFixed(1)}`);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={classes("block h-7 w-full text-accent", className)}
      aria-hidden="true"
    >
      <line
        x1="0"
        x2={WIDTH}
        y1={HEIGHT - 1}
        y2={HEIGHT - 1}
        stroke="var(--line)"
        vectorEffect="non-scaling-stroke"
      />
      {points.length > 1 && (
        <>
          <polygon
            points={`${first},${HEIGHT - 1} ${points.join(" ")} ${WIDTH},${HEIGHT - 1}`}
            fill="currentColor"
            opacity="0.12"
          />
          <polyline
            points={points.join(" ")}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      )}
    </svg>
  );
}
