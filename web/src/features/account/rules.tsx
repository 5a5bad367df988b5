/** By which rules the account trades: how honest its fills are, whether it borrows, which lots go first. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "@/api/client";
import { words } from "@/lib/format";
import { type Choice, changeAccount, profiles } from "@/state/desk";
import type { Account } from "@/state/folds";
import { say } from "@/state/notices";
import { useSubmit } from "@/state/submit";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { SubmitButton } from "@/ui/submit_button";

interface Option {
  readonly value: string;
  readonly name: string;
  readonly words: string;
}

const KINDS: readonly Option[] = [
  {
    value: "cash",
    name: "Cash",
    words:
      "Everything is paid in full. Nothing is sold short, and proceeds of stocks settle a day later.",
  },
  {
    value: "margin",
    name: "Margin",
    words:
      "Borrows cash and shares against what it holds: twice the buying power, short sales and perpetual contracts, with interest and margin calls.",
  },
];
const METHODS: readonly Option[] = [
  {
    value: "average",
    name: "Average cost",
    words: "The oldest lots go first, each at the average cost of all.",
  },
  { value: "fifo", name: "First in, first out", words: "The oldest lots go first, at their cost." },
  {
    value: "lifo",
    name: "Last in, first out",
    words: "The youngest lots go first, at their cost.",
  },
  {
    value: "hifo",
    name: "Highest cost first",
    words: "The dearest lots go first: the smallest profit, or the largest loss.",
  },
];

/** `crypto_exchange` is Crypto exchange. */
const titled = (name: string): string => words(name).replace(/^./, (first) => first.toUpperCase());

const asOption = (one: Schemas["Profile"]): Option => ({
  value: one.name,
  name: titled(one.name),
  words: one.description,
});

export function Rules({ account }: { account: Account }) {
  const { data } = useQuery(profiles);
  return (
    <Card title="Rules" flush>
      <div className="pb-1">
        <Rule
          name="Realism"
          why="How honest fills are. Open orders keep the profile they were placed under."
          value={account.profile}
          options={data?.map(asOption) ?? []}
          choice={(profile) => ({ profile })}
        />
        <Rule
          name="Kind of account"
          why="Whether it borrows. An account that has borrowed stays a margin account until it has paid back."
          value={account.kind}
          options={KINDS}
          choice={(kind) => ({ kind: kind as Account["kind"] })}
        />
        <Rule
          name="Lots that go first"
          why="Which purchases a closing takes, and so what it realizes. It counts from now on."
          value={account.lot_method ?? "average"}
          options={METHODS}
          choice={(method) => ({ lot_method: method as NonNullable<Account["lot_method"]> })}
        />
      </div>
    </Card>
  );
}

function Rule({
  name,
  why,
  value,
  options,
  choice,
}: {
  name: string;
  why: string;
  value: string;
  options: readonly Option[];
  choice: (value: string) => Choice;
}) {
  const [open, setOpen] = useState(false);
  const now = options.find((one) => one.value === value);
  return (
    <div className="flex items-start justify-between gap-4 border-line/60 border-b px-4 py-3 last:border-b-0">
      <div className="min-w-0">
        <p className="text-[0.8125rem] text-soft">{name}</p>
        <p className="font-semibold">{now?.name ?? titled(value)}</p>
        <p className="mt-0.5 max-w-prose text-pretty text-[0.8125rem] text-soft">{now?.words}</p>
      </div>
      <Button
        size="small"
        className="mt-1 max-sm:min-h-11"
        aria-label={`Change: ${name}`}
        disabled={options.length === 0}
        onClick={() => setOpen(true)}
      >
        Change
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={name} wide>
        <Choose
          name={name}
          why={why}
          value={value}
          options={options}
          choice={choice}
          onDone={() => setOpen(false)}
        />
      </Dialog>
    </div>
  );
}

function Choose({
  name,
  why,
  value,
  options,
  choice,
  onDone,
}: {
  name: string;
  why: string;
  value: string;
  options: readonly Option[];
  choice: (value: string) => Choice;
  onDone: () => void;
}) {
  const [chosen, setChosen] = useState(value);
  const { state, send, reset } = useSubmit((asked: Choice, keys) => changeAccount(asked, keys));
  const label = options.find((one) => one.value === chosen)?.name ?? chosen;
  useEffect(() => {
    if (state.is !== "done") return;
    say("well", `${name}: ${label.toLowerCase()}`);
    onDone();
  }, [state, name, label, onDone]);
  return (
    <div className="space-y-4">
      <p className="text-soft">{why}</p>
      <fieldset className="space-y-2">
        <legend className="sr-only">{name}</legend>
        {options.map((one) => (
          <label
            key={one.value}
            className={classes(
              "flex cursor-pointer items-start gap-3 rounded-xl border px-4 py-3 has-focus-visible:outline-2 has-focus-visible:outline-accent",
              chosen === one.value ? "border-accent bg-accent-wash" : "border-line hover:bg-sunken",
            )}
          >
            <input
              type="radio"
              name={name}
              value={one.value}
              checked={chosen === one.value}
              onChange={() => {
                setChosen(one.value);
                reset();
              }}
              className="mt-0.5 size-4.5 shrink-0 accent-(--accent)"
            />
            <span>
              <span className="font-semibold">{one.name}</span>
              {one.value === value && <span className="text-soft"> · as now</span>}
              <span className="block text-pretty text-[0.8125rem] text-soft">{one.words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong}>
          {state.problem.right}
        </Notice>
      )}
      <SubmitButton
        state={state}
        label={chosen === value ? `${label}, as now` : `Use ${label.toLowerCase()}`}
        words={{ sending: "Changing…", done: "Changed" }}
        disabled={chosen === value}
        onPress={() => send(choice(chosen))}
      />
    </div>
  );
}
