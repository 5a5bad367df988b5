/** One or two lines over time. Drawn on a canvas, so that what it shows is said in words beside it. */
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { colors, faded, onColors } from "./colors";

/** Lines over one axis of time, in seconds; a line has a gap where its number is null. */
export interface Drawn {
  readonly at: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
  readonly unit: "money" | "percent";
}

export default function Curve({
  drawn,
  up,
  filled,
  height,
  onPoint,
}: {
  drawn: Drawn;
  up: boolean;
  /** Whether the first line is shaded down to the axis. */
  filled: boolean;
  height: number;
  /** Which point is pointed at; null when none is any more. */
  onPoint?: (index: number | null) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let plot: UPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new UPlot(
        { ...looks(drawn, up, filled, onPoint), width: box.clientWidth, height },
        [[...drawn.at], ...drawn.lines.map((line) => [...line])],
        box,
      );
    };
    draw();
    const stop = onColors(draw);
    const sized = new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height }));
    sized.observe(box);
    return () => {
      stop();
      sized.disconnect();
      plot?.destroy();
    };
  }, [drawn, up, filled, height, onPoint]);
  return <div ref={place} aria-hidden="true" style={{ height }} />;
}

const DOLLARS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const MONTH = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" });
/** A mark nearer to the edge than this would be cut off. */
const EDGE = 28;

function looks(
  drawn: Drawn,
  up: boolean,
  filled: boolean,
  onPoint?: (index: number | null) => void,
): Omit<UPlot.Options, "width" | "height"> {
  const color = colors();
  const line = filled ? (up ? color.up : color.down) : color.accent;
  const font = "11px Inter, system-ui, sans-serif";
  const axis = { stroke: color.soft, font, ticks: { show: false }, border: { show: false } };
  const least = drawn.unit === "money" ? 1 : 0.05;
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    hooks: { setCursor: [(plot) => onPoint?.(plot.cursor.idx ?? null)] },
    cursor: {
      y: false,
      points: { size: 7, fill: line, stroke: color.surface, width: 2 },
      ...(onPoint === undefined && { show: false }),
    },
    scales: {
      y: {
        range: (_, low, high) => {
          // A flat line is shown flat, not as an earthquake of cents.
          const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.0005, least);
          return [low - room, high + room];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 30,
        filter: (plot, marks) =>
          marks.map((mark) => {
            const x = plot.valToPos(mark, "x");
            return x < EDGE || x > plot.bbox.width / devicePixelRatio - EDGE ? null : mark;
          }),
        values: (_, marks, __, ___, step) => {
          const word = step < 86_400 ? CLOCK : step < 28 * 86_400 ? DAY : MONTH;
          return marks.map((mark) => (mark === null ? "" : word.format(mark * 1000)));
        },
      },
      {
        ...axis,
        side: 1,
        size: 76,
        grid: { stroke: color.line, width: 1 },
        values: (_, marks) => {
          const step = marks.length > 1 ? Math.abs((marks[1] ?? 0) - (marks[0] ?? 0)) : 1;
          return marks.map((mark) => named(mark, drawn.unit, step));
        },
      },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 2,
        points: { show: false },
        ...(filled && { fill: (plot: UPlot) => shade(plot, line) }),
      },
      { stroke: color.soft, width: 1.5, dash: [4, 4], points: { show: false } },
    ],
  };
}

function named(mark: number, unit: Drawn["unit"], step: number): string {
  const minus = mark < 0 ? "−" : "";
  const size = Math.abs(mark);
  if (unit === "percent") return `${minus}${size.toFixed(step < 0.1 ? 2 : step < 1 ? 1 : 0)}%`;
  return `${minus}$${(step < 1 ? CENTS : DOLLARS).format(size)}`;
}

function shade(plot: UPlot, line: string): CanvasGradient {
  const { top, height } = plot.bbox;
  const made = plot.ctx.createLinearGradient(0, top, 0, top + height);
  made.addColorStop(0, faded(line, 0.2));
  made.addColorStop(1, faded(line, 0));
  return made;
}
