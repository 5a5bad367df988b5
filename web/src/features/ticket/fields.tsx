/** The fields of the form, drawn from its shape. */
import { useState } from "react";
import { told } from "@/api/problem";
import { add, compare, divide, multiply, parse, subtract } from "@/lib/decimal";
import { price } from "@/lib/format";
import type { Account, Position } from "@/state/folds";
import { quotes, useQuote } from "@/state/ticks";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { NumberField } from "@/ui/number_field";
import {
  type Asset,
  type Body,
  bodyOf,
  closes,
  type Form,
  priceStep,
  quantityStep,
  type Shape,
} from "./form";
import { most, part, partOf } from "./sizes";
import { change, fill } from "./store";
import { fieldWords, unitOf } from "./words";

export interface Parts {
  readonly form: Form;
  readonly shape: Shape;
  readonly asset: Asset | undefined;
  readonly held: Position | undefined;
  readonly wrong: Readonly<Record<string, string>>;
}

const LABELS: Record<string, string> = {
  notional: "Dollars",
  trail_price: "Amount",
  trail_percent: "Percent",
};

/** One field of a group; where there are several, which one is chosen at its right. */
export function Group({ group, ...parts }: Parts & { group: Shape["groups"][number] }) {
  const { names, name } = group;
  return (
    <div className="relative">
      <Value name={name} {...parts} />
      {names.length > 1 && (
        <fieldset className="absolute top-0 right-0 flex gap-3">
          <legend className="sr-only">How {fieldWords(name).toLowerCase()} is given</legend>
          {names.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === name}
              onClick={() => choose(parts.form, names, one)}
              className="-my-2 min-h-9 max-sm:-my-3 max-sm:min-h-11 text-[0.8125rem] text-soft underline-offset-4 hover:text-ink aria-pressed:font-semibold aria-pressed:text-accent aria-pressed:underline"
            >
              {one === "qty" ? capital(unitOf(parts.asset)) : (LABELS[one] ?? fieldWords(one))}
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function choose(form: Form, names: readonly string[], one: string): void {
  change({ chosen: [...form.chosen.filter((name) => !names.includes(name)), one] });
}

export function Value({ name, form, shape, asset, wrong }: Parts & { name: string }) {
  const value = form.values[name] ?? "";
  if (name === "expires_at") {
    return (
      <Field
        label={fieldWords(name)}
        type="datetime-local"
        value={value}
        wrong={wrong[name] ?? null}
        onChange={(event) => fill(name, event.target.value)}
      />
    );
  }
  const leg = name.startsWith("take_profit") || name.startsWith("stop_loss");
  const isPrice = /(limit|stop)_price$/.test(name);
  const now = quotes.get(form.symbol);
  const near = (form.side === "buy" ? now?.ask : now?.bid) ?? undefined;
  return (
    <div>
      <NumberField
        label={fieldWords(name)}
        value={value}
        onChange={(next) => fill(name, next)}
        step={stepOf(name, asset, value || near)}
        {...(isPrice && near && { start: near })}
        unit={name.endsWith("percent") ? "%" : name === "qty" ? unitOf(asset) : "USD"}
        wrong={wrong[name] ?? null}
      />
      {isPrice && !leg && <Near form={form} name={name} asset={asset} />}
      {isPrice && leg && <Away form={form} name={name} shape={shape} />}
    </div>
  );
}

function stepOf(name: string, asset: Asset | undefined, value: string | undefined): string {
  if (name === "qty") return quantityStep(asset);
  if (name === "notional") return "100";
  if (name.endsWith("percent")) return "0.5";
  if (name.endsWith("trail_price")) return "0.5";
  return priceStep(asset, value);
}

/** The prices of this moment, to begin with. */
function Near({ form, name, asset }: { form: Form; name: string; asset: Asset | undefined }) {
  const quote = useQuote(form.symbol);
  const { bid, ask } = quote ?? {};
  if (!bid || !ask) return null;
  const places = parse(priceStep(asset, bid))?.scale ?? 2;
  const mid = divide(add(bid, ask), "2", places, "down") ?? bid;
  return (
    <div className="mt-1 flex flex-wrap gap-x-1">
      {(
        [
          ["Bid", bid],
          ["Mid", mid],
          ["Ask", ask],
        ] as const
      ).map(([label, value]) => (
        <button
          key={label}
          type="button"
          onClick={() => fill(name, value)}
          className="live tabular min-h-8 max-sm:min-h-11 rounded-md px-1.5 text-soft text-xs hover:bg-sunken hover:text-ink"
        >
          {label} <span className="font-medium">{price(value)}</span>
        </button>
      ))}
    </div>
  );
}

/** How far from the entry an exit lies. */
function Away({ form, name, shape }: { form: Form; name: string; shape: Shape }) {
  const quote = useQuote(form.symbol);
  const value = form.values[name] ?? "";
  const limit = shape.names.includes("limit_price") ? form.values.limit_price : undefined;
  const from = limit || (form.side === "buy" ? quote?.ask : quote?.bid);
  if (!from || parse(from) === null || parse(value) === null) return null;
  const off = divide(subtract(value, from), from, 4);
  if (off === null) return null;
  const share = multiply(off, "100").replace(/00$/, "");
  const way = compare(share, "0") < 0 ? "below" : "above";
  return (
    <p className="tabular mt-1 text-soft text-xs">
      {share.replace("-", "")}% {way} {limit ? "the limit" : "the market"}
    </p>
  );
}

const PERCENTS = ["25", "50", "75", "100"] as const;

/** Quarters of what could be bought, or of what is held. */
export function Sizes({ account, ...parts }: Parts & { account: Account | undefined }) {
  const { form, shape, asset, held } = parts;
  const [busy, setBusy] = useState<string | null>(null);
  const [why, setWhy] = useState("");
  const closing = closes(form.side, held) && held !== undefined;
  const name = shape.groups[0]?.name ?? "qty";
  const take = async (percent: string) => {
    setWhy("");
    if (!asset || !account) return;
    if (closing) {
      change({
        values: { ...form.values, qty: partOf(held, percent, asset) },
        chosen: form.chosen.filter((one) => one !== "notional"),
      });
      return;
    }
    if (name === "notional") return fill(name, part(account.buying_power, percent, "0.01"));
    const quote = quotes.get(form.symbol);
    const at = form.values.limit_price || (form.side === "buy" ? quote?.ask : quote?.bid);
    if (!at || parse(at) === null) return setWhy("There is no price to reckon with yet.");
    setBusy(percent);
    try {
      const plain: Body = { symbol: form.symbol, side: form.side, type: "market" };
      const full = bodyOf({ ...form, values: { ...form.values, qty: "1" } }, shape);
      const found = await most(full ?? plain, asset, account, at);
      if (found.is === "none") setWhy(found.why);
      else fill("qty", part(found.qty, percent, quantityStep(asset)));
    } catch (error) {
      setWhy(told(error).wrong);
    } finally {
      setBusy(null);
    }
  };
  return (
    <div>
      <fieldset className="grid grid-cols-4 gap-1.5">
        <legend className="mb-1.5 text-soft text-xs">
          {closing ? "Of your position" : "Of your buying power"}
        </legend>
        {PERCENTS.map((one) => (
          <Button
            key={one}
            size="small"
            className="max-sm:min-h-11"
            busy={busy === one}
            onClick={() => void take(one)}
          >
            {one}%
          </Button>
        ))}
      </fieldset>
      <p role="status" className="text-[0.8125rem] text-warn">
        {why && <span className="block pt-1.5">{why}</span>}
      </p>
    </div>
  );
}
