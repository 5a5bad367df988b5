/** Limits between the fields of a form and the words of the API. */
import type { Schemas } from "@/api/client";
import { compare, parse } from "@/lib/decimal";

export const TYPES = ["market", "limit", "stop", "stop_limit", "trailing_stop"] as const;

export interface Form {
  readonly value: string;
  readonly orders: string;
  readonly leverage: string;
  readonly symbols: string;
  readonly types: readonly string[];
  readonly requests: string;
  readonly rate: string;
}

export function formOf(limits: Schemas["UserLimits"]): Form {
  return {
    value: limits.order_value ?? "",
    orders: limits.open_orders?.toString() ?? "",
    leverage: limits.leverage ?? "",
    symbols: limits.symbols?.join(", ") ?? "",
    types: limits.order_types ?? [],
    requests: limits.requests_per_minute?.toString() ?? "",
    rate: limits.orders_per_minute?.toString() ?? "",
  };
}

/** The symbols in a text, in whatever way they are apart. */
export const symbolsIn = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .filter((one) => one !== "")
    .map((one) => one.toUpperCase());

export function limitsOf(form: Form): Schemas["LimitsBody"] {
  const symbols = symbolsIn(form.symbols);
  const count = (text: string) => (text === "" ? null : Number(text));
  return {
    order_value: form.value || null,
    open_orders: count(form.orders),
    leverage: form.leverage || null,
    order_types: form.types.length > 0 ? [...form.types] : null,
    symbols: symbols.length > 0 ? symbols : null,
    requests_per_minute: count(form.requests),
    orders_per_minute: count(form.rate),
  };
}

export function wrongIn(form: Form): Partial<Record<keyof Form, string>> {
  const wrong: Partial<Record<keyof Form, string>> = {};
  if (form.value !== "" && (parse(form.value) === null || compare(form.value, "0") <= 0)) {
    wrong.value = "Dollars above 0, or nothing.";
  }
  const most = 1_000_000;
  for (const name of ["orders", "requests", "rate"] as const) {
    const text = form[name];
    if (text !== "" && !(/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= most)) {
      wrong[name] = "A whole number from 1, or nothing.";
    }
  }
  if (form.leverage !== "") {
    const fits =
      /^\d+(\.\d{1,2})?$/.test(form.leverage) &&
      compare(form.leverage, "1") >= 0 &&
      compare(form.leverage, "100") <= 0;
    if (!fits) wrong.leverage = "1 to 100, such as 1.5.";
  }
  const symbols = symbolsIn(form.symbols);
  if (new Set(symbols).size < symbols.length) wrong.symbols = "Each symbol once.";
  return wrong;
}
