/** Which orders are looked at. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import type { Order } from "@/state/folds";
import { assets } from "@/state/queries";
import { Button } from "@/ui/button";
import { classes } from "@/ui/classes";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { EVERYTHING, isFiltered, type Sort } from "./blotter";
import type { Wanted } from "./filters";
import { TYPES } from "./words";

type Change = (some: Partial<Wanted>) => void;

const SIDES = [
  { value: "", label: "Buy and sell" },
  { value: "buy", label: "Buy" },
  { value: "sell", label: "Sell" },
] as const;
const KINDS = [
  { value: "", label: "All types" },
  ...Object.entries(TYPES).map(([value, label]) => ({ value: value as Order["type"], label })),
] as const;
const SORTING: readonly { value: Sort; label: string }[] = [
  { value: "newest", label: "Newest first" },
  { value: "oldest", label: "Oldest first" },
  { value: "symbol", label: "Symbol" },
  { value: "type", label: "Type" },
  { value: "qty", label: "Quantity" },
  { value: "status", label: "Status" },
];

/** Takes what is typed once it is a symbol that is traded here. */
export function SymbolField({
  value,
  onChange,
}: {
  value: string;
  onChange: (symbol: string) => void;
}) {
  const { data } = useQuery(assets);
  const [text, setText] = useState(value);
  const list = useId();
  useEffect(() => setText(value), [value]);
  const known = (typed: string) =>
    typed === "" || data?.some((one) => one.symbol === typed) === true;
  return (
    <>
      <Field
        label="Symbol"
        value={text}
        list={list}
        placeholder="All symbols"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          const typed = event.target.value.trim().toUpperCase();
          setText(typed);
          if (known(typed)) onChange(typed);
        }}
        onBlur={() => !known(text) && setText(value)}
        wrong={
          text.length > 0 && data && !data.some((one) => one.symbol.startsWith(text))
            ? "No such symbol here."
            : null
        }
      />
      <datalist id={list}>
        {data?.map((one) => (
          <option key={one.symbol} value={one.symbol}>
            {one.name}
          </option>
        ))}
      </datalist>
    </>
  );
}

export function Toolbar({
  wanted,
  change,
  sorts,
}: {
  wanted: Wanted;
  change: Change;
  /** A list to choose the order from, where there are no column heads. */
  sorts: boolean;
}) {
  const filtered = isFiltered(wanted);
  const [open, setOpen] = useState(filtered);
  const id = useId();
  return (
    <div className="border-line border-b px-4 py-3">
      <div className="flex items-center justify-between gap-3 sm:hidden">
        <Button
          className="min-h-11"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {open ? "Hide filters" : filtered ? "Filters are on" : "Filter and sort"}
        </Button>
        {filtered && <Clear change={change} />}
      </div>
      <div
        id={id}
        className={classes(
          open ? "grid" : "hidden",
          "mt-3 grid-cols-2 items-start gap-3 sm:mt-0 sm:grid sm:grid-cols-3",
          !sorts && "lg:flex lg:*:min-w-32 lg:*:flex-1",
        )}
      >
        <div>
          <SymbolField value={wanted.symbol} onChange={(symbol) => change({ symbol })} />
        </div>
        <Select
          label="Side"
          options={SIDES}
          value={wanted.side}
          onChange={(side) => change({ side })}
        />
        <Select
          label="Type"
          options={KINDS}
          value={wanted.type}
          onChange={(type) => change({ type })}
        />
        {sorts && (
          <Select
            label="Sorted by"
            options={SORTING}
            value={wanted.sort}
            onChange={(sort) => change({ sort })}
          />
        )}
        <Field
          label="Placed from"
          type="date"
          value={wanted.from}
          max={wanted.to || undefined}
          onChange={(event) => change({ from: event.target.value })}
        />
        <Field
          label="Placed until"
          type="date"
          value={wanted.to}
          min={wanted.from || undefined}
          onChange={(event) => change({ to: event.target.value })}
        />
        {filtered && (
          <div className="hidden max-w-28 self-end sm:block">
            <Clear change={change} />
          </div>
        )}
      </div>
    </div>
  );
}

export function Clear({ change }: { change: Change }) {
  const { tab: _, ...nothing } = EVERYTHING;
  return (
    <Button kind="quiet" className="min-h-11" onClick={() => change(nothing)}>
      Clear filters
    </Button>
  );
}
