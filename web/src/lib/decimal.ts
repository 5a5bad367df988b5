/**
 * Exact arithmetic on decimal text. The server sends and takes money, prices and quantities as text;
 * here they are text too, and a scaled BigInt while they are worked with. A float is for drawing
 * only (`toNumber`).
 */

/** An exact decimal: `units` times ten to the minus `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export type Rounding = "down" | "half_even";

const SHAPE = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** Reads decimal text; null when it is none (no exponents, blanks or separators). */
export function parse(text: string): Decimal | null {
  const found = SHAPE.exec(text);
  if (found === null) return null;
  const [, minus, whole = "0", rest = ""] = found;
  const units = BigInt(whole + rest);
  return { units: minus === "-" ? -units : units, scale: rest.length };
}

function of(value: string | Decimal): Decimal {
  if (typeof value !== "string") return value;
  const found = parse(value);
  if (found === null) throw new RangeError(`not a decimal: ${value.slice(0, 40)}`);
  return found;
}

function rescaled({ units, scale }: Decimal, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

/** Decimal text with exactly the places it has. */
export function text({ units, scale }: Decimal): string {
  const minus = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  if (scale === 0) return minus + digits;
  return `${minus}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function both(a: string | Decimal, b: string | Decimal): [bigint, bigint, number] {
  const [x, y] = [of(a), of(b)];
  const scale = Math.max(x.scale, y.scale);
  return [rescaled(x, scale), rescaled(y, scale), scale];
}

export function add(a: string | Decimal, b: string | Decimal): string {
  const [x, y, scale] = both(a, b);
  return text({ units: x + y, scale });
}

export function subtract(a: string | Decimal, b: string | Decimal): string {
  const [x, y, scale] = both(a, b);
  return text({ units: x - y, scale });
}

/** The exact product. */
export function multiply(a: string | Decimal, b: string | Decimal): string {
  const [x, y] = [of(a), of(b)];
  return text({ units: x.units * y.units, scale: x.scale + y.scale });
}

/** A quotient to `places`; null when divided by zero. */
export function divide(
  a: string | Decimal,
  b: string | Decimal,
  places: number,
  rounding: Rounding = "half_even",
): string | null {
  const [x, y] = both(a, b);
  if (y === 0n) return null;
  return text({ units: quotient(x * 10n ** BigInt(places), y, rounding), scale: places });
}

/** -1, 0 or 1 as `a` is smaller than, equal to or larger than `b`. */
export function compare(a: string | Decimal, b: string | Decimal): -1 | 0 | 1 {
  const [x, y] = both(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function sign(value: string | Decimal): -1 | 0 | 1 {
  const { units } = of(value);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

export function negate(value: string | Decimal): string {
  const { units, scale } = of(value);
  return text({ units: -units, scale });
}

export function absolute(value: string | Decimal): string {
  return sign(value) < 0 ? negate(value) : text(of(value));
}

/** The same with `places` places. */
export function round(
  value: string | Decimal,
  places: number,
  rounding: Rounding = "half_even",
): string {
  const found = of(value);
  if (found.scale <= places) return text({ units: rescaled(found, places), scale: places });
  const by = 10n ** BigInt(found.scale - places);
  return text({ units: quotient(found.units, by, rounding), scale: places });
}

/** The multiple of `step` that is nearest, or nearest towards zero; the step's places are kept. */
export function toStep(
  value: string | Decimal,
  step: string | Decimal,
  rounding: Rounding = "half_even",
): string {
  const [x, y, scale] = both(value, step);
  if (y === 0n) return text(of(value));
  return round({ units: quotient(x, y, rounding) * y, scale }, of(step).scale);
}

/** Without zeros that say nothing, but at least `places`. */
export function trim(value: string | Decimal, places = 0): string {
  let { units, scale } = of(value);
  while (scale > places && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return scale < places ? round({ units, scale }, places) : text({ units, scale });
}

/** For drawing only: a float, which is not exact. */
export function toNumber(value: string | Decimal): number {
  return Number(typeof value === "string" ? value : text(value));
}

function quotient(x: bigint, y: bigint, rounding: Rounding): bigint {
  const whole = x / y;
  if (rounding === "down") return whole;
  const rest = x % y;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const size = y < 0n ? -y : y;
  if (twice < size || (twice === size && whole % 2n === 0n)) return whole;
  return whole + (x < 0n !== y < 0n ? -1n : 1n);
}
