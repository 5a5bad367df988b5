/** Names and figures side by side, as the cards of this screen show them. */
import type { ReactNode } from "react";
import { compare, divide, multiply, subtract, toNumber } from "@/lib/decimal";
import { price } from "@/lib/format";
import { Waiting } from "@/ui/card";

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="shrink-0 text-soft">{name}</dt>
      <dd className="live tabular min-w-0 truncate text-right">
        {children ?? <Waiting className="h-4 w-14" />}
      </dd>
    </div>
  );
}

/** Where a price stands between a low and a high. */
export function Span({
  name,
  low,
  high,
  at,
}: {
  name: string;
  low: string;
  high: string;
  at: string;
}) {
  const wide = subtract(high, low);
  const part = divide(multiply(subtract(at, low), "100"), wide, 1) ?? "50";
  const kept = compare(part, "0") < 0 ? "0" : compare(part, "100") > 0 ? "100" : part;
  return (
    <div>
      <p className="mb-1.5 text-soft text-xs">{name}</p>
      <div className="relative h-1 rounded-full bg-line" aria-hidden="true">
        <span
          className="-top-1 absolute size-3 rounded-full border-2 border-surface bg-accent"
          style={{ left: `calc(${toNumber(kept)}% - 6px)` }}
        />
      </div>
      <p className="tabular mt-1.5 flex justify-between text-xs">
        <span>
          <span className="sr-only">from </span>
          {price(low)}
        </span>
        <span>
          <span className="sr-only">to </span>
          {price(high)}
        </span>
      </p>
    </div>
  );
}
