/** What to trade, where no symbol is looked at. */
import { type FormEvent, useState } from "react";
import type { Position } from "@/state/folds";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import type { Asset } from "./form";
import { change } from "./store";

const SHOWN_MAX = 6;

export function SymbolField({
  assets,
  held,
}: {
  assets: readonly Asset[] | undefined;
  held: readonly Position[] | undefined;
}) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const typed = text.trim().toLowerCase();
  const matching = (assets ?? []).filter((one) =>
    `${one.symbol} ${one.name}`.toLowerCase().includes(typed),
  );
  // What is held is most often traded next.
  const holds = (one: Asset) => held?.some(({ symbol }) => symbol === one.symbol) ?? false;
  const found = [...matching.filter(holds), ...matching.filter((one) => !holds(one))];
  const first = found.find((one) => one.symbol.toLowerCase() === typed) ?? found[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed && first) change({ symbol: first.symbol });
    else setWrong("Type a ticker or a name that is traded here.");
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      <Field
        label="What do you want to trade?"
        type="text"
        value={text}
        placeholder="Ticker or name"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        wrong={wrong}
        onChange={(event) => {
          setText(event.target.value);
          setWrong(null);
        }}
      />
      <ul>
        {found.slice(0, SHOWN_MAX).map((one) => (
          <li key={one.symbol}>
            <button
              type="button"
              onClick={() => change({ symbol: one.symbol })}
              className="flex min-h-11 w-full items-center justify-between gap-3 rounded-lg px-2 text-left hover:bg-sunken"
            >
              <span className="font-medium">
                {one.symbol}
                {holds(one) && <span className="ml-2 text-accent text-xs">held</span>}
              </span>
              <span className="truncate text-soft">{one.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {typed && found.length === 0 && (
        <p className="text-soft">Nothing is called that here. Markets lists every symbol.</p>
      )}
      <Button type="submit" kind="main" size="large" className="w-full">
        Go on
      </Button>
    </form>
  );
}
