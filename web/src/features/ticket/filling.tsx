/** The form while it is filled in, looked at once more, or sent. */
import { type FormEvent, useEffect, useRef } from "react";
import { quantity } from "@/lib/format";
import type { Account, Order, Position } from "@/state/folds";
import { isPending, type Submit } from "@/state/submit";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";
import { SubmitButton } from "@/ui/submit_button";
import { type Estimate, EstimateLines, useEstimate } from "./estimate";
import { Group, Sizes } from "./fields";
import {
  type Asset,
  bodyOf,
  closes,
  type Form,
  fieldOf,
  fitted,
  missing,
  mistakes,
  shapeOf,
  type Terms,
  verbOf,
} from "./form";
import { Options } from "./options";
import { Review } from "./outcome";
import { change, send, setAsks, useFilled } from "./store";
import {
  exitWords,
  fieldWords,
  flagWords,
  orderWords,
  termsWords,
  unitOf,
  untilWords,
} from "./words";

const TONES = { buy: "bg-up text-accent-ink", sell: "bg-down text-accent-ink" };
const WORDS = { done: "Placed", unknown: "Asking the server…" };

export function Filling({
  types,
  form,
  asset,
  held,
  account,
  state,
}: {
  types: readonly Terms[];
  form: Form;
  asset: Asset;
  held: Position | undefined;
  account: Account | undefined;
  state: Submit<Order>;
}) {
  const { review, asks } = useFilled();
  const place = useRef<HTMLFormElement>(null);
  const shape = shapeOf(form, types, asset, held);
  const body = shape && bodyOf(form, shape);
  const pending = isPending(state);
  const estimate = useEstimate(body, shape, pending);
  useEffect(() => {
    // What this symbol does not have gives way.
    const fit = fitted(form, types, asset);
    if (JSON.stringify(fit) !== JSON.stringify(form) && !pending) change(fit);
  }, [form, types, asset, pending]);
  const isDenied = state.is === "denied";
  useEffect(() => {
    // What was typed is there to be mended.
    if (isDenied) useFilled.setState({ review: false });
  }, [isDenied]);
  const wasReview = useRef(review);
  useEffect(() => {
    const back = wasReview.current && !review;
    wasReview.current = review;
    if (back) place.current?.querySelector<HTMLElement>("[type=submit]")?.focus();
  }, [review]);
  if (shape === null) return null;

  const mayShort = account?.kind !== "cash" && asset.shortable;
  const verb = verbOf(form.side, held, mayShort);
  const kind = form.side;
  const label = body ? orderWords(verb, body) : `${verb} ${form.symbol}`;
  const denied = state.is === "denied" ? state.problem : null;
  const deniedAt = denied && fieldOf(denied.field, shape);
  const wrong: Record<string, string> = { ...estimate.atField, ...mistakes(form, shape) };
  if (denied && deniedAt) wrong[deniedAt] ??= `${denied.wrong} ${denied.right}`;
  const refused =
    !estimate.old && (estimate.whole.length > 0 || Object.keys(estimate.atField).length > 0);

  const sendIt = () => {
    if (body === null) return;
    send(body, `${label} ${termsWords(form, body)}.`);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pending) return;
    const form_ = place.current;
    const bad = form_?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (bad || refused) {
      (bad ?? form_?.querySelector<HTMLElement>("[data-refused]"))?.focus();
    } else if (body === null) {
      const first = missing(form, shape)[0];
      const labels = [...(form_?.querySelectorAll("label") ?? [])];
      labels.find((one) => first && one.textContent === fieldWords(first))?.control?.focus();
    } else if (asks) useFilled.setState({ review: true });
    else sendIt();
  };

  if (review && body) {
    const lines = [
      `${label} ${termsWords(form, body)}`,
      untilWords(form),
      ...shape.flags.filter((flag) => form.flags[flag]).map((flag) => flagWords(flag)[0]),
      ...exitWords(body),
    ];
    return (
      <Review title="Is this right?" lines={lines}>
        <EstimateLines
          estimate={estimate}
          body={body}
          asset={asset}
          margin={account?.kind === "margin"}
          side={form.side}
        />
        <Refusals all={estimate.whole} />
        <label className="mt-auto flex min-h-11 cursor-pointer items-center gap-2.5 sm:mt-0">
          <input
            type="checkbox"
            checked={!asks}
            onChange={(event) => setAsks(!event.target.checked)}
            className="size-4.5 accent-accent"
          />
          Do not ask again; send at once
        </label>
        <SubmitButton state={state} label={label} kind={kind} words={WORDS} onPress={sendIt} />
        <Button
          size="large"
          kind="quiet"
          className="w-full"
          disabled={pending}
          onClick={() => useFilled.setState({ review: false })}
        >
          Change it
        </Button>
      </Review>
    );
  }

  const parts = { form, shape, asset, held, wrong };
  const gap = missing(form, shape)[0];
  return (
    <form
      ref={place}
      noValidate
      onSubmit={submit}
      className="flex min-h-full flex-col gap-4 bg-inherit"
    >
      <fieldset disabled={pending} className="space-y-4">
        <legend className="sr-only">The order</legend>
        <div>
          <Segmented
            label="Side"
            options={[
              { value: "buy", label: verbOf("buy", held) },
              { value: "sell", label: verbOf("sell", held, mayShort) },
            ]}
            value={form.side}
            onChange={(side) => change({ side })}
            tone={(side) => TONES[side]}
          />
          <p className="mt-1.5 text-[0.8125rem] text-soft">
            {heldWords(held, asset, form)}
            {closedWords(asset) && <span className="text-warn"> {closedWords(asset)}</span>}
          </p>
        </div>
        <Select
          label="Order type"
          options={types.map((one) => ({ value: one.type, label: one.title }))}
          value={form.type}
          onChange={(type) => change(fitted({ ...form, type }, types, asset))}
          hint={shape.terms.description}
          wrong={wrong.type ?? null}
        />
        {shape.groups.map((group, index) => (
          <div key={group.names.join()} className="space-y-2.5">
            <Group group={group} {...parts} />
            {index === 0 && <Sizes account={account} {...parts} />}
          </div>
        ))}
        <Options all={types} {...parts} />
      </fieldset>
      <div className="border-line border-t pt-3">
        <EstimateLines
          estimate={estimate}
          body={body}
          asset={asset}
          margin={account?.kind === "margin"}
          side={form.side}
        />
      </div>
      <Refusals all={estimate.whole.slice(1)} />
      <label className="flex min-h-11 cursor-pointer items-center gap-2.5 text-[0.8125rem] text-soft">
        <input
          type="checkbox"
          checked={asks}
          onChange={(event) => setAsks(event.target.checked)}
          className="size-4.5 accent-accent"
        />
        Let me look at it before it is sent
      </label>
      <div className="sticky -bottom-4 -mx-4 -mb-4 mt-auto space-y-2 border-line border-t bg-inherit px-4 pt-3 pb-4">
        <Refusals all={estimate.whole.slice(0, 1)} />
        {denied && (
          <Notice kind="wrong" title={denied.wrong}>
            {denied.right}
          </Notice>
        )}
        {gap && (
          <p className="text-center text-[0.8125rem] text-soft">
            Still to fill in: {fieldWords(gap).toLowerCase()}
          </p>
        )}
        <SubmitButton
          state={state}
          label={asks && !pending ? `Review: ${label}` : label}
          kind={kind}
          words={WORDS}
          type="submit"
        />
      </div>
    </form>
  );
}

function Refusals({ all }: { all: Estimate["whole"] }) {
  return (
    <>
      {all.map((one) => (
        <div key={one.wrong} data-refused tabIndex={-1} className="rounded-lg">
          <Notice kind="wrong" title={one.wrong}>
            {one.right}
          </Notice>
        </div>
      ))}
    </>
  );
}

function closedWords({ halted, is_open, extended_hours, phase }: Asset): string {
  if (halted) return "Trading in it is halted.";
  if (is_open) return "";
  if (phase === "closed") return "The market is closed: an order waits until it opens.";
  return extended_hours ? "Only extended hours are traded now." : "";
}

function heldWords(held: Position | undefined, asset: Asset, form: Form): string {
  const unit = unitOf(asset);
  if (held === undefined)
    return `You hold no ${asset.asset_class === "crypto" ? unit : form.symbol}.`;
  const qty = quantity(held.qty.replace("-", ""));
  const free = quantity(held.qty_available.replace("-", ""));
  const bound = qty === free || !closes(form.side, held) ? "" : `, ${free} of them free`;
  return held.side === "long"
    ? `You hold ${qty} ${unit}${bound}.`
    : `You owe ${qty} ${unit}, sold short${bound}.`;
}
