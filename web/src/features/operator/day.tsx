/** A user's day, replayed: one event after the other, and what the account had then. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { money, quantity, time } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { type Detail, dayOf } from "./asked";

type Entry = Schemas["DayEntry"];
const STEP_MS = 700;

export function Day({ detail }: { detail: Detail }) {
  const [account, setAccount] = useState(detail.accounts[0]?.id ?? "");
  const [date, setDate] = useState("");
  const asked = useInfiniteQuery({ ...dayOf(detail.user.id, date, account), enabled: !!account });
  const { data, error, hasNextPage, fetchNextPage } = asked;
  const first = data?.pages[0];
  const entries = data?.pages.flatMap((page) => page.entries);
  return (
    <Card title="Their day" flush>
      <div className="grid grid-cols-2 gap-3 px-4 pb-3">
        <Field
          label="Day (UTC)"
          type="date"
          value={date || first?.date || ""}
          onChange={(event) => setDate(event.target.value)}
        />
        <Select
          label="Account"
          options={detail.accounts.map((one) => ({ value: one.id, label: one.name }))}
          value={account}
          onChange={setAccount}
        />
      </div>
      {error && entries === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : entries === undefined ? (
        <Waiting className="m-4 h-40" />
      ) : entries.length === 0 ? (
        <Empty title="Nothing happened">Choose another day or another account.</Empty>
      ) : (
        <Replay
          key={`${date} ${account}`}
          entries={entries}
          more={hasNextPage ? () => void fetchNextPage() : undefined}
        />
      )}
    </Card>
  );
}

function Replay({ entries, more }: { entries: readonly Entry[]; more: (() => void) | undefined }) {
  const [at, setAt] = useState(entries.length - 1);
  const [plays, setPlays] = useState(false);
  const last = entries.length - 1;
  useEffect(() => {
    if (!plays) return;
    const clock = setInterval(
      () =>
        setAt((now) => {
          if (now >= last) setPlays(false);
          return Math.min(now + 1, last);
        }),
      STEP_MS,
    );
    return () => clearInterval(clock);
  }, [plays, last]);
  const here = entries[Math.min(at, last)];
  if (here === undefined) return null;
  const play = () => {
    if (!plays && at >= last) setAt(0);
    setPlays(!plays);
  };
  return (
    <>
      <div className="space-y-3 border-line/60 border-y bg-sunken/50 px-4 py-3">
        <div className="flex items-center gap-3">
          <Button className="max-sm:min-h-11" onClick={play}>
            {plays ? "Pause" : "Play"}
          </Button>
          <input
            type="range"
            aria-label="Event"
            aria-valuetext={`${at + 1} of ${entries.length}: ${here.text}`}
            min={0}
            max={last}
            value={Math.min(at, last)}
            onChange={(event) => {
              setPlays(false);
              setAt(Number(event.target.value));
            }}
            className="h-11 min-w-0 flex-1 accent-(--accent)"
          />
          <span className="text-[0.8125rem] text-soft tabular-nums">
            {at + 1}/{entries.length}
          </span>
        </div>
        <After entry={here} />
      </div>
      <ol className="max-h-[28rem] overflow-y-auto">
        {entries.map((entry, index) => (
          <li key={entry.id} className="border-line/60 border-b last:border-b-0">
            <button
              type="button"
              aria-current={index === at ? "step" : undefined}
              onClick={() => {
                setPlays(false);
                setAt(index);
              }}
              className={classes(
                "flex min-h-11 w-full gap-3 px-4 py-2 text-left text-[0.8125rem] hover:bg-sunken focus-visible:-outline-offset-2",
                index === at && "bg-accent-wash",
                index > at && "opacity-55",
              )}
            >
              <span className="w-20 shrink-0 text-soft tabular-nums">{time(entry.at)}</span>
              <span className="min-w-0 break-words">{entry.text}</span>
            </button>
          </li>
        ))}
      </ol>
      {more && (
        <div className="flex justify-center border-line/60 border-t p-2">
          <Button kind="quiet" onClick={more}>
            Show more of the day
          </Button>
        </div>
      )}
    </>
  );
}

function After({ entry }: { entry: Entry }) {
  const { after } = entry;
  if (after === null) {
    return (
      <p className="text-[0.8125rem] text-soft">
        Too much came before this day: what the account had then is not worked out.
      </p>
    );
  }
  const held = after.positions.filter((one) => quantity(one.qty) !== "0");
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-2 text-[0.8125rem]" aria-label="The account then">
      <Fact name="Cash">{money(after.cash)}</Fact>
      <Fact name="Held">{money(after.held)}</Fact>
      <Fact name="Open orders">{after.open_orders}</Fact>
      <Fact name="Realized">{money(after.realized)}</Fact>
      <Fact name="Positions">
        {held.length === 0
          ? "none"
          : held.map((one) => `${quantity(one.qty)} ${one.symbol}`).join(", ")}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="font-medium tabular-nums">{children}</dd>
    </div>
  );
}
