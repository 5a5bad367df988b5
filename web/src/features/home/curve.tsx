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
  readonly base: number;
}

const HEIGHT = 224;

export default function Curve({ drawn, up }: { drawn: Drawn; up: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let plot: UPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new UPlot(
        looks(box.clientWidth, up, drawn.base),
        [[...drawn.at], [...drawn.equity]],
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
  }, [drawn, up]);
  return <div ref={place} aria-hidden="true" className="h-56" data-dark={isDark()} />;
}

const DOLLARS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

function looks(width: number, up: boolean, base: number): UPlot.Options {
  const color = colors();
  const line = up ? color.up : color.down;
  const font = "11px Inter, system-ui, sans-serif";
  const axis = { stroke: color.soft, font, ticks: { show: false }, border: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7, fill: line, stroke: color.surface, width: 2 } },
    scales: {
      y: {
        range: (_, low, high) => {
          // A flat line is shown flat, not as an earthquake of cents.
          const room = Math.max((high - low) * 0.12, Math.abs(base) * 0.0005, 1);
          return [low - room, high + room];
        },
      },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 90 },
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
    ],
  };
}
