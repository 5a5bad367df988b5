/** Watchlists: several, in an order of their own, each with its symbols in theirs. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { told } from "@/api/problem";
import { percent, price } from "@/lib/format";
import { say } from "@/state/notices";
import { assets } from "@/state/queries";
import { useQuote, useView } from "@/state/ticks";
import {
  changeWatchlist,
  deleteWatchlist,
  makeWatchlist,
  moved,
  type Watchlist,
  watchlists,
  watchlistsChanged,
} from "@/state/watchlists";
import { Button, IconButton } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Moving } from "@/ui/moving";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";

const DONE = {
  onSuccess: () => watchlistsChanged(),
  onError: (error: unknown) => say("wrong", told(error).wrong, told(error).right),
};
type Part = Parameters<typeof changeWatchlist>[1];

export default function Watchlists() {
  const { data, error } = useQuery(watchlists);
  const [making, setMaking] = useState(false);
  return (
    <div className="@container mx-auto max-w-6xl space-y-4 p-3 sm:p-4 lg:p-6">
      <div className="flex items-center justify-between gap-3">
        <h1 className="font-semibold text-xl">Watchlists</h1>
        <Button kind="main" onClick={() => setMaking(true)}>
          <Icon name="plus" className="size-4" />
          New list
        </Button>
      </div>
      {data === undefined && error ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="h-60" />
      ) : data.length === 0 ? (
        <Card>
          <Empty title="No watchlist yet">
            Keep the symbols that you look at together, in the order in which you look.
          </Empty>
        </Card>
      ) : (
        <div className="grid items-start gap-4 @3xl:grid-cols-2">
          {data.map((one, at) => (
            <One key={one.id} one={one} at={at} count={data.length} />
          ))}
        </div>
      )}
      <Dialog open={making} onClose={() => setMaking(false)} title="New watchlist">
        <Named label="Make the list" name="" save={makeWatchlist} onDone={() => setMaking(false)} />
      </Dialog>
    </div>
  );
}

function Named({
  label,
  name: before,
  save,
  onDone,
}: {
  label: string;
  name: string;
  save: (name: string) => Promise<unknown>;
  onDone: () => void;
}) {
  const [name, setName] = useState(before);
  const saving = useMutation({
    mutationFn: () => save(name.trim()),
    retry: false,
    onSuccess: async () => {
      await watchlistsChanged();
      onDone();
    },
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!saving.isPending) saving.mutate();
      }}
    >
      <Field
        label="Name"
        value={name}
        maxLength={64}
        autoComplete="off"
        required
        onChange={(event) => setName(event.target.value)}
      />
      {saving.error && (
        <Notice kind="wrong" title={told(saving.error).wrong}>
          {told(saving.error).right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={saving.isPending}>
        {label}
      </Button>
    </form>
  );
}

function One({ one, at, count }: { one: Watchlist; at: number; count: number }) {
  const [renaming, setRenaming] = useState(false);
  const changing = useMutation({
    mutationFn: (body: Part) => changeWatchlist(one.id, body),
    ...DONE,
  });
  const deleting = useMutation({ mutationFn: () => deleteWatchlist(one.id), ...DONE });
  const symbols = one.symbols;
  return (
    <Card
      title={one.name}
      flush
      aside={
        <div className="flex">
          <Tool
            label={`Move ${one.name} up`}
            icon="up"
            off={at === 0}
            onPress={() => changing.mutate({ place: at - 1 })}
          />
          <Tool
            label={`Move ${one.name} down`}
            icon="down"
            off={at === count - 1}
            onPress={() => changing.mutate({ place: at + 1 })}
          />
          <Tool label={`Rename ${one.name}`} icon="gear" onPress={() => setRenaming(true)} />
          <Tool label={`Delete ${one.name}`} icon="close" onPress={() => deleting.mutate()} />
        </div>
      }
    >
      {symbols.length === 0 ? (
        <Empty title="Nothing in it yet" />
      ) : (
        <ul aria-label={one.name}>
          {symbols.map((symbol, where) => (
            <li
              key={symbol}
              className="flex items-center gap-2 border-line/60 border-t py-1.5 pr-2 pl-4"
            >
              <Row symbol={symbol} />
              <Tool
                label={`Move ${symbol} up`}
                icon="up"
                off={where === 0}
                onPress={() => changing.mutate({ symbols: moved(symbols, where, where - 1) })}
              />
              <Tool
                label={`Move ${symbol} down`}
                icon="down"
                off={where === symbols.length - 1}
                onPress={() => changing.mutate({ symbols: moved(symbols, where, where + 1) })}
              />
              <Tool
                label={`Take ${symbol} off ${one.name}`}
                icon="close"
                onPress={() => changing.mutate({ symbols: symbols.filter((x) => x !== symbol) })}
              />
            </li>
          ))}
        </ul>
      )}
      <Adding one={one} onAdd={(symbol) => changing.mutate({ symbols: [...symbols, symbol] })} />
      <Dialog open={renaming} onClose={() => setRenaming(false)} title={`Rename ${one.name}`}>
        <Named
          label="Rename"
          name={one.name}
          save={(name) => changeWatchlist(one.id, { name })}
          onDone={() => setRenaming(false)}
        />
      </Dialog>
    </Card>
  );
}

function Tool({
  label,
  icon,
  off = false,
  onPress,
}: {
  label: string;
  icon: "up" | "down" | "close" | "gear";
  off?: boolean;
  onPress: () => void;
}) {
  return (
    <IconButton label={label} className="size-8! max-sm:size-10!" disabled={off} onClick={onPress}>
      <Icon
        name={icon === "up" ? "down" : icon}
        className={icon === "up" ? "size-4 rotate-180" : "size-4"}
      />
    </IconButton>
  );
}

function Row({ symbol }: { symbol: string }) {
  const quote = useQuote(symbol);
  const view = useView(symbol);
  const now = quote?.last ?? view?.last ?? quote?.bid ?? null;
  const change = view?.change_percent ?? null;
  return (
    <>
      <Link
        to="/symbols/$"
        params={{ _splat: symbol }}
        className="min-w-0 flex-1 truncate font-medium hover:text-accent"
      >
        {symbol}
      </Link>
      <Moving value={now}>{price(now)}</Moving>
      <span className="w-16 text-right text-xs max-sm:hidden">
        {change !== null && <Change value={change}>{percent(change)}</Change>}
      </span>
    </>
  );
}

function Adding({ one, onAdd }: { one: Watchlist; onAdd: (symbol: string) => void }) {
  const { data } = useQuery(assets);
  const left = (data ?? []).filter((asset) => !one.symbols.includes(asset.symbol));
  if (left.length === 0) return null;
  return (
    <div className="border-line/60 border-t p-3">
      <Select
        label={`Add to ${one.name}`}
        options={[
          { value: "", label: "Choose a symbol" },
          ...left.map((asset) => ({ value: asset.symbol, label: asset.symbol })),
        ]}
        value=""
        onChange={(symbol) => symbol && onAdd(symbol)}
      />
    </div>
  );
}
