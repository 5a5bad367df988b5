/** A number that moves: it flashes up or down when it changes, and fades when it may be old. */
import { useEffect, useRef } from "react";
import { compare, parse } from "@/lib/decimal";
import { classes } from "./classes";

export function Moving({
  value,
  children,
  className,
}: {
  /** Decimal text that is compared with the last; null while there is none. */
  value: string | null;
  children: React.ReactNode;
  className?: string;
}) {
  const place = useRef<HTMLSpanElement>(null);
  const last = useRef(value);
  useEffect(() => {
    const before = last.current;
    last.current = value;
    if (before === null || value === null || parse(before) === null || parse(value) === null)
      return;
    const way = compare(value, before);
    const span = place.current;
    if (way === 0 || span === null) return;
    span.classList.remove("flash-up", "flash-down");
    // Reading the width makes the browser forget the animation that ran.
    void span.offsetWidth;
    span.classList.add(way > 0 ? "flash-up" : "flash-down");
  }, [value]);
  return (
    <span ref={place} className={classes("live tabular -mx-1 rounded px-1", className)}>
      {children}
    </span>
  );
}
