/** Closing a position, all of it or a part: what goes, about what it brings, and what stands against it. */
import { useEffect, useId, useState } from "react";
import { absolute, compare, divide, multiply, parse, sign, subtract, toStep } from "@/lib/decimal";
import { money, price, quantity, signedMoney } from "@/lib/format";
import { closePosition } from "@/state/commands";
import type { Order, Position } from "@/state/folds";
import { useAsset } from "@/state/instrument";
import { say } from "@/state/notices";
import { useSubmit } from "@/state/submit";
import { useQuote } from "@/state/ticks";
import { worth } from "@/state/worth";
import { Segmented } from "@/ui/choice";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";

type Part = "25" | "50" | "75" | "100" | "other";
const PARTS: readonly { value: Part; label: string }[] = [
  { value: "25", label: "25%" },
  { value: "50", label: "50%" },
  { value: "75", label: "75%" },
  { value: "100", label: "All" },
];

export function Closing({ position, onDone }: { position: Position; onDone: () => void }) {
  return (
    <Dialog open onClose={onDone} title={`Close ${position.symbol}`}>
      <CloseForm position={position} onDone={onDone} />
    </Dialog>
  );
}

/** So much of it, as the server works it out: in whole lots, rounded down. */
export function partOf(qty: string, part: string, increment: string): string {
  return toStep(divide(multiply(absolute(qty), part), "100", 12) ?? "0", increment, "down");
}

export function CloseForm({ position, onDone }: { position: Position; onDone?: () => void }) {
  const [part, setPart] = useState<Part>("100");
  const [typed, setTyped] = useState("");
  const [frees, setFrees] = useState(true);
  const asset = useAsset(position.symbol);
  const now = worth(position, useQuote(position.symbol));
  const closing = useSubmit(
    (args: { qty?: string; percentage?: string; cancel_orders?: boolean }, keys) =>
      closePosition(position.symbol, args, keys),
  );
  const { state, reset } = closing;
  useEffect(() => {
    if (state.is !== "done") return;
    tell(state.answer);
    onDone?.();
  }, [state, onDone]);

  const increment = asset?.min_trade_increment ?? "1";
  const all = absolute(position.qty);
  const free = absolute(position.qty_available);
  const qty = part === "other" ? typed : partOf(position.qty, part, increment);
  const right = parse(qty) !== null && sign(qty) > 0;
  const held = subtract(all, free);
  const lacks = right && compare(qty, free) > 0;
  const wrong = right ? (compare(qty, all) > 0 ? `You hold ${quantity(all)}.` : null) : EMPTY;
  const send = () => {
    if (wrong) return;
    closing.send({
      ...(part === "other" && { qty }),
      ...(part !== "other" && part !== "100" && { percentage: part }),
      ...(lacks && frees && { cancel_orders: true }),
    });
  };
  const verb = position.side === "long" ? "Sell" : "Buy back";
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Segmented
        label="How much of it"
        options={PARTS}
        value={part}
        onChange={(chosen) => {
          setPart(chosen);
          reset();
        }}
      />
      <NumberField
        label="Quantity"
        value={part === "other" ? typed : quantity(qty).replaceAll(",", "")}
        step={increment}
        least={increment}
        unit={`of ${quantity(all)}`}
        wrong={wrong}
        onChange={(value) => {
          setPart("other");
          setTyped(value);
          reset();
        }}
      />
      {right && !wrong && <Estimate position={position} at={now.price} qty={qty} />}
      {lacks && sign(held) > 0 && (
        <Held position={position} held={held} frees={frees} onChange={setFrees} />
      )}
      {asset && asset.phase === "closed" && (
        <Notice kind="info">The market is closed: the order waits and fills at its opening.</Notice>
      )}
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong}>
          {state.problem.right}
        </Notice>
      )}
      <SubmitButton
        state={state}
        kind={position.side === "long" ? "sell" : "buy"}
        label={right ? `${verb} ${quantity(qty)} ${position.symbol}` : verb}
        words={{ sending: "Closing…", done: "Sent" }}
        disabled={wrong !== null}
        onPress={send}
      />
    </form>
  );
}

const EMPTY = "Enter how much to close.";

function tell(order: Order): void {
  // What is filled is told by the fill.
  if (order.status === "filled") return;
  say("info", `Closing order for ${order.symbol} is working`, "It stands among the open orders.");
}

function Estimate({ position, at, qty }: { position: Position; at: string | null; qty: string }) {
  if (at === null) return null;
  const asset = position.asset_class;
  const each =
    position.side === "long"
      ? subtract(at, position.avg_entry_price)
      : subtract(position.avg_entry_price, at);
  const won = multiply(each, qty);
  const side = position.side === "long" ? "bid" : "ask";
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-lg bg-sunken px-3.5 py-3">
      <dt className="text-soft">At the {asset === "crypto_perp" ? "mark" : side}</dt>
      <dd className="live tabular text-right">{price(at)}</dd>
      {asset !== "crypto_perp" && (
        <>
          <dt className="text-soft">{position.side === "long" ? "Brings about" : "Costs about"}</dt>
          <dd className="live tabular text-right">{money(multiply(at, qty))}</dd>
        </>
      )}
      <dt className="text-soft">Realizes about</dt>
      <dd className="live tabular text-right font-medium">{signedMoney(won)}</dd>
    </dl>
  );
}

function Held({
  position,
  held,
  frees,
  onChange,
}: {
  position: Position;
  held: string;
  frees: boolean;
  onChange: (frees: boolean) => void;
}) {
  const id = useId();
  const goes = position.protection ? ", its protection too" : "";
  return (
    <div className="rounded-lg border border-line px-3.5 py-3">
      <label className="flex min-h-6 items-start gap-3">
        <input
          type="checkbox"
          checked={frees}
          aria-describedby={id}
          onChange={(event) => onChange(event.target.checked)}
          className="mt-0.5 size-5 accent-(--accent)"
        />
        <span className="font-medium">Cancel its open orders first</span>
      </label>
      <p id={id} className="mt-1 pl-8 text-[0.8125rem] text-soft">
        Open orders hold {quantity(held)} of it. This ends all orders in {position.symbol}
        {goes}; without it only what is free is closed.
      </p>
    </div>
  );
}
