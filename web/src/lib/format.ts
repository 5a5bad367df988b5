/** How numbers are written for people: groups of three, a true minus, no digit invented. */
import { absolute, compare, parse, round, sign, trim } from "./decimal";

export const NONE = "—";
const MINUS = "−";

function grouped(plain: string): string {
  const [whole = "", rest] = plain.split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? groups : `${groups}.${rest}`;
}

/** A number with its places as they are. */
export function number(value: string | null): string {
  if (value === null || parse(value) === null) return NONE;
  return (sign(value) < 0 ? MINUS : "") + grouped(absolute(value));
}

/** Money to the cent. */
export function money(value: string | null): string {
  if (value === null || parse(value) === null) return NONE;
  const cents = round(value, 2);
  return `${sign(cents) < 0 ? MINUS : ""}$${grouped(absolute(cents))}`;
}

/** Money won or lost: the sign is always there, but at nothing. */
export function signedMoney(value: string | null): string {
  return plussed(value, money(value));
}

/** A price with all its places; at least two. */
export function price(value: string | null): string {
  return value === null || parse(value) === null ? NONE : number(trim(value, 2));
}

/** An average of prices: to the cent, or in full below a dollar. */
export function average(value: string | null): string {
  if (value === null || parse(value) === null) return NONE;
  return compare(absolute(value), "1") < 0 ? price(value) : number(round(value, 2));
}

/** A quantity without zeros that say nothing. */
export function quantity(value: string | null): string {
  return value === null || parse(value) === null ? NONE : number(trim(value));
}

/** A percentage that is already one: "1.5" is 1.50%. */
export function percent(value: string | null, places = 2): string {
  if (value === null || parse(value) === null) return NONE;
  const rounded = round(value, places);
  return plussed(rounded, `${number(rounded)}%`);
}

/** A large number in few digits: 12.3K, 4.56M. */
export function compact(value: string | null): string {
  if (value === null || parse(value) === null) return NONE;
  const whole = absolute(round(value, 0, "down"));
  const minus = sign(value) < 0 ? MINUS : "";
  for (const [letter, digits] of [
    ["T", 12],
    ["B", 9],
    ["M", 6],
    ["K", 3],
  ] as const) {
    if (whole.length > digits) {
      const head = `${whole.slice(0, -digits)}.${whole.slice(-digits)}`;
      return `${minus}${trim(round(head, whole.length - digits > 2 ? 0 : 3 - (whole.length - digits)))}${letter}`;
    }
  }
  return number(trim(value));
}

function plussed(value: string | null, written: string): string {
  return value !== null && parse(value) !== null && sign(value) > 0 ? `+${written}` : written;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const;

/** How long ago, in one unit: 4 s, 12 m, 3 h, 2 d. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${seconds} s`;
}

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const BOTH = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The time of day, with the day before it when that was not today. */
export function when(at: string | null, now: Date = new Date()): string {
  if (at === null) return NONE;
  const date = new Date(at);
  const today = date.toDateString() === now.toDateString();
  return today ? TIME.format(date) : `${DAY.format(date)}, ${TIME.format(date)}`;
}

const WHOLE_DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** The day alone. */
export const day = (at: string): string => WHOLE_DAY.format(new Date(at));

/** The time of day alone. */
export const time = (at: string): string => TIME.format(new Date(at));

/** Day and time in full. */
export function moment(at: string | null): string {
  return at === null ? NONE : BOTH.format(new Date(at));
}

/** A word of the API for people: `partially_filled` is "partially filled". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
