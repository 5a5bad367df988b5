/** The equity curve. Drawn on a canvas, so that what it shows is said in words beside it. */
import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { isDark, onThemeChange } from "@/state/theme";
import { colors, faded } from "@/ui/colors";

export interface Drawn {
  /** Seconds. */
  readonly at: readonly number[];
  readonly equity: readonly number[];
  /** What it is compared with, drawn as a line; null where money came or went meanwhile. */
  readonly base: number | null;
}

const HEIGHT = 224;

export default function Curve({
  drawn,
  up,
  onPoint,
}: {
  drawn: Drawn;
  up: boolean;
  /** Which point is pointed at; null when none is any more. */
  onPoint: (index: number | null) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let plot: UPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new UPlot(
        looks(box.clientWidth, up, drawn.equity.at(-1) ?? 0, onPoint),
        [[...drawn.at], [...drawn.equity], drawn.at.map(() => drawn.base)],
        box,
      );
    };
    draw();
    const stop = onThemeChange(draw);
    const sized = new ResizeObserver(() =>
      plot?.setSize({ width: box.clientWidth, height: HEIGHT }),
    );
    sized.observe(box);
    return () => {
      stop();
      sized.disconnect();
      plot?.destroy();
    };
  }, [drawn, up, onPoint]);
  return <div ref={place} aria-hidden="true" className="h-56" data-dark={isDark()} />;
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
  width: number,
  up: boolean,
  now: number,
  onPoint: (index: number | null) => void,
): UPlot.Options {
  const color = colors();
  const line = up ? color.up : color.down;
  const font = "11px Inter, system-ui, sans-serif";
  const axis = { stroke: color.soft, font, ticks: { show: false }, border: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    cursor: { y: false, points: { size: 7, fill: line, stroke: color.surface, width: 2 } },
    scales: {
      y: {
        range: (_, low, high) => {
          // A flat line is shown flat, not as an earthquake of cents.
          const room = Math.max((high - low) * 0.12, Math.abs(now) * 0.0005, 1);
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
          const near = marks.length > 1 && Math.abs((marks[1] ?? 0) - (marks[0] ?? 0)) < 1;
          return marks.map((mark) => `$${(near ? CENTS : DOLLARS).format(mark)}`);
        },
      },
    ],
    series: [
      {},
      {
        stroke: line,
        width: 2,
        points: { show: false },
        fill: (plot) => {
          const shade = plot.ctx.createLinearGradient(
            0,
            plot.bbox.top,
            0,
            plot.bbox.top + plot.bbox.height,
          );
          shade.addColorStop(0, faded(line, 0.2));
          shade.addColorStop(1, faded(line, 0));
          return shade;
        },
      },
      { stroke: color.soft, width: 1, dash: [2, 4], points: { show: false } },
    ],
  };
}
