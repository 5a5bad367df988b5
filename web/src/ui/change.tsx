/** A gain or a loss: an arrow and a sign say it, and the colour too. */
import type { ReactNode } from "react";
import { sign } from "@/lib/decimal";
import { classes } from "./classes";

const LOOKS = { "-1": "text-down", "0": "text-soft", "1": "text-up" } as const;
const ARROWS = { "-1": "▼", "0": "", "1": "▲" } as const;

export function Change({
  value,
  children,
  className,
}: {
  /** Decimal text, whose sign counts. */
  value: string;
  children: ReactNode;
  className?: string;
}) {
  const way = `${sign(value)}` as "-1" | "0" | "1";
  return (
    <span
      className={classes(
        "tabular inline-flex items-center gap-1 font-medium",
        LOOKS[way],
        className,
      )}
    >
      {ARROWS[way] && (
        <span className="text-[0.7em]" aria-hidden="true">
          {ARROWS[way]}
        </span>
      )}
      {children}
    </span>
  );
}
