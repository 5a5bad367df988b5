/** Sizes and stretches of time as people read them. */
import { NONE } from "@/lib/format";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** A size in powers of a thousand, with one place from a kilobyte on. */
export function bytes(size: number | null): string {
  if (size === null) return NONE;
  let unit = 0;
  let left = size;
  while (left >= 1000 && unit < UNITS.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? left : left.toFixed(1)} ${UNITS[unit]}`;
}

/** For how many days room lasts at a rate; null where one of them is not known. */
export function daysLeft(free: number | null, perDay: number | null): number | null {
  if (free === null || perDay === null || perDay <= 0) return null;
  return Math.floor(free / perDay);
}

/** Hours in the unit that suits them. */
export function lateness(hours: number): string {
  if (hours < 1) return `${Math.max(1, Math.round(hours * 60))} min`;
  if (hours % 24 === 0) return hours === 24 ? "day" : `${hours / 24} days`;
  return hours === 1 ? "hour" : `${hours} hours`;
}
