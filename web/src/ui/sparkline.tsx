/** A small line without axes; `label` says in words what it shows. */
import { classes } from "./classes";

const WIDTH = 100;
const HEIGHT = 32;

export function Sparkline({
  values,
  rises,
  label,
  className,
}: {
  /** For drawing: floats, oldest first. */
  values: readonly number[];
  rises: boolean;
  /** Left out where the text beside it says the same. */
  label?: string;
  className?: string;
}) {
  const low = Math.min(...values);
  const wide = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = (index / Math.max(1, values.length - 1)) * WIDTH;
    const y = HEIGHT - 1.5 - ((value - low) / wide) * (HEIGHT - 3);
    return `${x.toFixed(2)},${y.toFixed(2)}`;
  });
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : "true"}
      className={classes(rises ? "text-up" : "text-down", className)}
    >
      {label && <title>{label}</title>}
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
