/** A new alert: what to watch, which way, and how far. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { compare, parse } from "@/lib/decimal";
import { price } from "@/lib/format";
import { known } from "@/lib/loadable";
import { type Alert, type AlertBody, alertsChanged, makeAlert } from "@/state/alerts";
import { usePositions } from "@/state/live";
import { assets } from "@/state/queries";
import { useQuote } from "@/state/ticks";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/choice";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { Select } from "@/ui/select";
import { Toggle } from "@/ui/toggle";

type Kind = Alert["kind"];
const KINDS = [
  { value: "price", label: "Price" },
  { value: "percent", label: "Move" },
  { value: "pnl", label: "Profit" },
  { value: "volume", label: "Volume" },
] as const;
const WHOLE = "";

interface Draft {
  kind: Kind;
  symbol: string;
  direction: Alert["direction"];
  value: string;
  price: "last" | "bid" | "ask";
  since: "arming" | "previous_close" | "start";
  note: string;
  email: boolean;
}

const begin = (symbol: string): Draft => ({
  kind: "price",
  symbol,
  direction: "above",
  value: "",
  price: "last",
  since: "arming",
  note: "",
  email: true,
});

/** Only what goes with its kind is said. */
function bodyOf(draft: Draft): AlertBody {
  const { kind, symbol, direction, value, note, email } = draft;
  return {
    kind,
    value,
    note: note.trim(),
    email,
    ...(symbol !== WHOLE && { symbol }),
    ...(kind !== "volume" && { direction }),
    ...(kind === "price" && { price: draft.price }),
    ...((kind === "percent" || kind === "pnl") && { since: draft.since }),
  };
}

export function Form({ symbol, onDone }: { symbol: string; onDone: () => void }) {
  const [draft, setDraft] = useState(() => begin(symbol));
  const [tried, setTried] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const making = useMutation({
    mutationFn: () => makeAlert(bodyOf(draft)),
    retry: false,
    onSuccess: async () => {
      await alertsChanged();
      onDone();
    },
  });
  const wrong = wrongOf(draft);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (wrong === null && !making.isPending) making.mutate();
      }}
    >
      <Segmented
        label="What to watch"
        options={KINDS}
        value={draft.kind}
        onChange={(kind) =>
          change({
            kind,
            since: kind === "pnl" ? "start" : "arming",
            direction: draft.direction === "either" ? "above" : draft.direction,
            symbol: kind === "pnl" ? WHOLE : draft.symbol || symbol,
          })
        }
      />
      <About draft={draft} onChange={(chosen) => change({ symbol: chosen })} />
      <Level draft={draft} change={change} wrong={tried ? wrong : null} />
      <Field
        label="Note"
        value={draft.note}
        maxLength={200}
        autoComplete="off"
        placeholder="What you meant to do then"
        onChange={(event) => change({ note: event.target.value })}
      />
      <Toggle
        label="By mail too"
        hint="It is always told here and in the inbox."
        on={draft.email}
        onChange={(email) => change({ email })}
      />
      {making.error && (
        <Notice kind="wrong" title={told(making.error).wrong}>
          {told(making.error).right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={making.isPending}>
        {making.isPending ? "Arming…" : "Arm the alert"}
      </Button>
    </form>
  );
}

function wrongOf({ kind, value }: Draft): string | null {
  if (parse(value) === null) return "Write a number.";
  if (kind !== "pnl" && compare(value, "0") <= 0) return "Write a number above zero.";
  return null;
}

function About({ draft, onChange }: { draft: Draft; onChange: (symbol: string) => void }) {
  const { data } = useQuery(assets);
  const held = known(usePositions());
  const symbols =
    draft.kind === "pnl"
      ? (held ?? []).map((one) => one.symbol)
      : (data ?? []).map((one) => one.symbol);
  // What was chosen stays in sight until the list is there.
  const listed = symbols.includes(draft.symbol) || draft.symbol === WHOLE;
  const options = [
    ...(draft.kind === "pnl" ? [{ value: WHOLE, label: "The whole account" }] : []),
    ...(listed ? [] : [{ value: draft.symbol, label: draft.symbol }]),
    ...symbols.map((symbol) => ({ value: symbol, label: symbol })),
  ];
  return (
    <Select
      label={draft.kind === "pnl" ? "Of" : "Symbol"}
      options={options}
      value={draft.symbol}
      onChange={onChange}
    />
  );
}

const TWO_WAYS = {
  price: ["At or above", "At or below"],
  percent: ["Up", "Down"],
  pnl: ["At or above", "At or below"],
} as const;

function Level({
  draft,
  change,
  wrong,
}: {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  wrong: string | null;
}) {
  const { kind, direction, since } = draft;
  const quote = useQuote(draft.symbol);
  const now = quote?.last ?? quote?.bid ?? null;
  if (kind === "volume") {
    return (
      <NumberField
        label="Traded in the session"
        value={draft.value}
        step="1000"
        wrong={wrong}
        onChange={(value) => change({ value })}
      />
    );
  }
  const [up, down] = TWO_WAYS[kind];
  return (
    <>
      <Segmented
        label="Which way"
        options={[
          { value: "above", label: up },
          { value: "below", label: down },
          ...(kind === "percent" ? [{ value: "either" as const, label: "Either way" }] : []),
        ]}
        value={direction}
        onChange={(way) => change({ direction: way })}
      />
      <NumberField
        label={kind === "price" ? "Price" : kind === "percent" ? "Percent" : "Dollars"}
        value={draft.value}
        step={kind === "price" ? "0.01" : kind === "percent" ? "0.5" : "10"}
        {...(kind === "pnl" && { least: "-1000000000", start: "0" })}
        {...(kind === "price" && now !== null && { start: now })}
        unit={kind === "percent" ? "%" : "$"}
        wrong={wrong}
        hint={kind === "price" && now !== null ? `Now ${price(now)}` : undefined}
        onChange={(value) => change({ value })}
      />
      {kind === "price" ? (
        <Select
          label="Of"
          options={[
            { value: "last", label: "the last trade" },
            { value: "bid", label: "the bid" },
            { value: "ask", label: "the offer" },
          ]}
          value={draft.price}
          onChange={(which) => change({ price: which })}
        />
      ) : (
        <Select
          label="Counted from"
          options={
            kind === "percent"
              ? [
                  { value: "arming", label: "the price now" },
                  { value: "previous_close", label: "the previous close" },
                ]
              : [
                  { value: "start", label: "the start" },
                  { value: "arming", label: "now" },
                ]
          }
          value={since}
          onChange={(from) => change({ since: from as Draft["since"] })}
        />
      )}
    </>
  );
}
