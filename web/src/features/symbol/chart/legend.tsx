/** The bar under the pointer, or the newest, in figures; and what each line is. */
import { divide, multiply, subtract } from "@/lib/decimal";
import { average, compact, percent, price } from "@/lib/format";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import type { Overlay } from "./drawing";
import type { Candle, Dot } from "./series";

const LINES: Readonly<Record<Overlay, { name: string; look: string; stroke: string }>> = {
  short: { name: "Average of 20", look: "border-warn", stroke: "border-solid" },
  long: { name: "Average of 50", look: "border-accent", stroke: "border-dashed" },
  vwap: { name: "VWAP", look: "border-soft", stroke: "border-dotted" },
};

export function Legend({
  candle,
  before,
  overlays,
  did,
}: {
  candle: Candle | undefined;
  before: Candle | undefined;
  overlays: ReadonlyMap<Overlay, readonly Dot[]>;
  /** What the account did in this bar. */
  did: string | undefined;
}) {
  if (candle === undefined) return null;
  const since = before?.close ?? candle.open;
  const change = subtract(candle.close, since);
  const part = divide(multiply(change, "100"), since, 2);
  return (
    <div className="pointer-events-none absolute top-1 left-3 z-10 max-w-[calc(100%-5.5rem)] space-y-0.5 text-xs">
      <p
        data-bar={candle.time}
        className="flex flex-wrap gap-x-2.5 [text-shadow:0_0_4px_var(--surface)]"
      >
        <Figure name="O" value={price(candle.open)} />
        <Figure name="H" value={price(candle.high)} />
        <Figure name="L" value={price(candle.low)} />
        <Figure name="C" value={price(candle.close)} />
        <Figure name="Vol" value={compact(candle.volume)} />
        <Change value={change}>{percent(part)}</Change>
      </p>
      <p className="flex flex-wrap gap-x-3 text-soft">
        {[...overlays].map(([name, dots]) => {
          const line = LINES[name];
          const dot = dotAt(dots, candle.time);
          return (
            <span key={name} className="inline-flex items-center gap-1.5">
              <span className={classes("w-3.5 border-t-2", line.look, line.stroke)} />
              {line.name}
              {dot !== undefined && (
                <span className="tabular max-sm:hidden">{average(dot.value.toFixed(4))}</span>
              )}
            </span>
          );
        })}
      </p>
      {did && <p className="font-medium">{did}</p>}
    </div>
  );
}

function dotAt(dots: readonly Dot[], time: number): Dot | undefined {
  const last = dots.at(-1);
  return last?.time === time ? last : dots.find((one) => one.time === time);
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <span className="tabular">
      <span className="text-soft">{name}</span> {value}
    </span>
  );
}
