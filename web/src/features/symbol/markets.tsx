/** Every symbol that is traded: found by typing, by kind, by how it moves. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { told } from "@/api/problem";
import { percent, price } from "@/lib/format";
import { search } from "@/state/market";
import { assets, snapshots } from "@/state/queries";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented } from "@/ui/choice";
import { Field } from "@/ui/field";
import { List } from "./list";
import { chosen, type Kind, type Listed, listed, movers } from "./ranking";

const KINDS: readonly { value: Kind; label: string }[] = [
  { value: "all", label: "All" },
  { value: "us_equity", label: "Stocks" },
  { value: "crypto", label: "Coins" },
  { value: "crypto_perp", label: "Perpetuals" },
];
const MOVERS = 3;
/** So many are asked about at once. */
const AT_ONCE = 100;

export default function Markets() {
  const { data: all, error } = useQuery(assets);
  const symbols = useMemo(() => all?.slice(0, AT_ONCE).map((one) => one.symbol) ?? [], [all]);
  const { data: found } = useQuery(snapshots(symbols));
  const rows = useMemo(() => (all ? listed(all, found) : undefined), [all, found]);
  const [wanted, setWanted] = useState("");
  const [kind, setKind] = useState<Kind>("all");
  const shown = useMemo(() => chosen(rows ?? [], kind, wanted), [rows, kind, wanted]);
  return (
    <div className="mx-auto max-w-6xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Markets</h1>
      <Movers rows={found && rows} />
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label="Find a symbol"
          type="search"
          value={wanted}
          placeholder="Ticker or name"
          autoComplete="off"
          spellCheck={false}
          className="min-w-56 flex-1"
          onChange={(event) => setWanted(event.target.value)}
        />
        <div className="max-sm:w-full">
          <Segmented label="Kind" options={KINDS} value={kind} onChange={setKind} />
        </div>
      </div>
      <Card flush>
        {rows === undefined && error ? (
          <Empty title={told(error).wrong}>{told(error).right}</Empty>
        ) : rows === undefined ? (
          <Waiting className="m-4 h-96" />
        ) : (
          <List rows={shown} wanted={wanted.trim()} />
        )}
      </Card>
      <Elsewhere wanted={wanted} />
    </div>
  );
}

function Movers({ rows }: { rows: readonly Listed[] | undefined }) {
  if (rows === undefined) return <Waiting className="h-[4.25rem]" />;
  const { up, down } = movers(rows, MOVERS);
  if (up.length + down.length === 0) return null;
  return (
    <section aria-label="Movers of the day" className="-mx-3 overflow-x-auto px-3 sm:mx-0 sm:px-0">
      <ul className="flex gap-2 lg:grid lg:grid-cols-6">
        {[...up, ...down.reverse()].map(({ asset, price: at, change }) => (
          <li key={asset.symbol} className="min-w-40 flex-1">
            <Link
              to="/symbols/$"
              params={{ _splat: asset.symbol }}
              className="block rounded-xl border border-line bg-surface px-3.5 py-2.5 hover:bg-sunken"
            >
              <span className="block truncate font-medium">{asset.symbol}</span>
              <span className="flex items-baseline justify-between gap-2 text-[0.8125rem]">
                <span className="tabular">{price(at)}</span>
                <Change value={change ?? "0"}>{percent(change)}</Change>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

const PAUSE_MS = 250;

/** What a feed with reference data knows beside what is traded here. */
function Elsewhere({ wanted }: { wanted: string }) {
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const after = setTimeout(() => setAsked(wanted.trim()), PAUSE_MS);
    return () => clearTimeout(after);
  }, [wanted]);
  const { data } = useQuery({ ...search(asked), enabled: asked.length > 1 });
  const others = wanted.trim() === "" ? [] : (data?.results.filter((one) => !one.listed) ?? []);
  if (others.length === 0) return null;
  return (
    <Card title="Known, but not traded here">
      <ul className="divide-y divide-line/60">
        {others.map((one) => (
          <li key={one.symbol} className="flex items-baseline gap-3 py-2">
            <span className="font-medium">{one.symbol}</span>
            <span className="min-w-0 flex-1 truncate text-soft">{one.name}</span>
            <span className="text-soft text-xs">{one.source ?? one.exchange}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
