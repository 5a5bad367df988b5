/** Changing a working order: a new one takes its place, and the old one ends as replaced. */
import { useEffect, useState } from "react";
import { compare, parse, sign } from "@/lib/decimal";
import { price, quantity } from "@/lib/format";
import { findPlaced, type ReplaceBody, replace } from "@/state/commands";
import type { Order } from "@/state/folds";
import { type Asset, priceStep, useAsset } from "@/state/instrument";
import { say } from "@/state/notices";
import { useSubmit } from "@/state/submit";
import { useQuote } from "@/state/ticks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";
import { changesOf, type Name, valuesOf } from "./changes";
import { titleWords, typeWords } from "./words";

const LABELS: Readonly<Record<Name, string>> = {
  qty: "Quantity",
  limit_price: "Limit price",
  stop_price: "Stop price",
  trail_price: "Trail in dollars",
  trail_percent: "Trail in percent",
};

/** A leg's rules are told of the entry's parts. */
function fieldOf(field: string | null): string {
  if (field?.startsWith("stop_loss")) return "stop_price";
  return field?.startsWith("take_profit") ? "limit_price" : (field ?? "");
}

/** Shares go one by one, coins by hundredths. */
const wholeStep = (asset: Asset | undefined): string => {
  if (asset === undefined || asset.asset_class === "us_equity") return "1";
  return compare(asset.min_trade_increment, "0.01") > 0 ? asset.min_trade_increment : "0.01";
};

export function ReplaceDialog({
  order,
  onClose,
  onReplaced,
}: {
  order: Order;
  onClose: () => void;
  onReplaced?: (next: Order) => void;
}) {
  const [before] = useState(() => valuesOf(order));
  const [values, setValues] = useState(before);
  const quote = useQuote(order.symbol);
  const asset = useAsset(order.symbol);
  const stepOf = (name: Name): string => {
    if (name === "qty") return wholeStep(asset);
    return name === "trail_percent" ? "0.1" : priceStep(asset, before[name] ?? null);
  };
  const { state, send } = useSubmit(
    (body: Partial<ReplaceBody>, keys) => replace(order.id, body, keys),
    findPlaced,
  );
  useEffect(() => {
    if (state.is !== "done") return;
    say("well", "Order replaced", titleWords(state.answer));
    onClose();
    onReplaced?.(state.answer);
  }, [state, onClose, onReplaced]);
  const changes = changesOf(before, values);
  const same = changes !== null && Object.keys(changes).length === 0;
  const problem = state.is === "denied" ? state.problem : null;
  const wrongOf = (name: Name): string | null => {
    const value = values[name] ?? "";
    if (parse(value) === null || sign(value) <= 0) return "Enter a number above 0.";
    return problem && fieldOf(problem.field) === name ? `${problem.wrong} ${problem.right}` : null;
  };
  const filled = sign(order.filled_qty) > 0;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Change: ${titleWords(order)}`}
      foot={
        <>
          <Button size="large" onClick={onClose}>
            Close
          </Button>
          <SubmitButton
            state={state}
            label="Replace order"
            disabled={changes === null || same}
            onPress={() => changes && send(changes)}
            words={{ sending: "Replacing…", done: "Replaced" }}
          />
        </>
      }
    >
      <p className="text-soft">
        {typeWords(order)} order. A new order takes its place; the old one ends as replaced.
        {quote && (
          <span className="live tabular mt-1 block">
            Bid {price(quote.bid)} · Ask {price(quote.ask)}
          </span>
        )}
      </p>
      <form
        className="mt-4 space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (changes && !same) send(changes);
        }}
      >
        {(Object.keys(before) as Name[]).map((name, at) => (
          <NumberField
            key={name}
            label={LABELS[name]}
            value={values[name] ?? ""}
            step={stepOf(name)}
            onChange={(value) => setValues({ ...values, [name]: value })}
            wrong={wrongOf(name)}
            autoFocus={at === 0}
            hint={
              name === "qty" && filled
                ? `In total, with the ${quantity(order.filled_qty)} that are filled.`
                : undefined
            }
          />
        ))}
        {problem && !Object.keys(before).includes(fieldOf(problem.field)) && (
          <Notice kind="wrong" title={problem.wrong}>
            {problem.right}
          </Notice>
        )}
        {before.qty === undefined && (
          <p className="text-[0.8125rem] text-soft">Its quantity follows its entry.</p>
        )}
        {same && <p className="text-[0.8125rem] text-soft">Change something to replace it.</p>}
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
    </Dialog>
  );
}
