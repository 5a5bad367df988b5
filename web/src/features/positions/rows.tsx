/** The positions as a table, where there is room for one. */
import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { create } from "zustand";
import { average, money, price, signedMoney } from "@/lib/format";
import { keep, kept } from "@/lib/store";
import type { Position } from "@/state/folds";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { Moving } from "@/ui/moving";
import { Closing } from "./closing";
import { Gain, Share, type Sums, useFigures, useShare } from "./figures";
import { pressed, read, type SortBy, type Sorting, sorted, written } from "./sorting";
import { ContractLine, Protected, Size } from "./words";

const HEADS: readonly { name: string; look: string; by?: SortBy }[] = [
  { name: "Position", look: "pl-4 text-left", by: "symbol" },
  { name: "Price", look: "text-right" },
  { name: "Average cost", look: "hidden text-right xl:table-cell" },
  { name: "Value", look: "text-right", by: "value" },
  { name: "Today", look: "text-right" },
  { name: "Unrealized", look: "text-right", by: "gain" },
  { name: "Of equity", look: "hidden text-right lg:table-cell" },
  { name: "Protection", look: "pl-3 text-left" },
];
const CELL = "px-2 py-2 text-right align-middle";

export function Rows({ positions, sums }: { positions: readonly Position[]; sums: Sums }) {
  const sorting = useSorting();
  const [closing, setClosing] = useState<string | null>(null);
  const asked = positions.find((one) => one.symbol === closing);
  return (
    <Card flush>
      <table className="w-full border-collapse">
        <caption className="sr-only">Positions</caption>
        <thead>
          <tr className="border-line border-b text-soft text-xs">
            {HEADS.map(({ name, look, by }) => (
              <th
                key={name}
                scope="col"
                aria-sort={
                  by !== sorting.by ? undefined : sorting.down ? "descending" : "ascending"
                }
                className={classes("px-2 py-2.5 font-normal", look)}
              >
                {by === undefined ? name : <Head name={name} by={by} sorting={sorting} />}
              </th>
            ))}
            <th scope="col" className="pr-4">
              <span className="sr-only">Close</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted(positions, sorting).map((one) => (
            <Row key={one.symbol} position={one} equity={sums.equity} onClose={setClosing} />
          ))}
        </tbody>
        {positions.length > 1 && (
          <tfoot>
            <tr className="border-line border-t bg-sunken/60 font-medium">
              <th scope="row" className="py-3 pl-4 text-left font-medium">
                All {positions.length}
              </th>
              <td />
              <td className="hidden xl:table-cell" />
              <td className={classes(CELL, "live tabular")}>{money(sums.value)}</td>
              <td className={CELL}>
                {sums.day !== null && (
                  <Change value={sums.day} className="live">
                    {signedMoney(sums.day)}
                  </Change>
                )}
              </td>
              <td className={CELL}>
                <Change value={sums.gain} className="live">
                  {signedMoney(sums.gain)}
                </Change>
              </td>
              <td className="hidden lg:table-cell" />
              <td />
              <td />
            </tr>
          </tfoot>
        )}
      </table>
      {asked && <Closing position={asked} onDone={() => setClosing(null)} />}
    </Card>
  );
}

const useSorting = create<Sorting>(() => read(kept("positions.sort")));

function Head({ name, by, sorting }: { name: string; by: SortBy; sorting: Sorting }) {
  const chosen = sorting.by === by;
  const press = () => {
    const next = pressed(sorting, by);
    keep("positions.sort", written(next));
    useSorting.setState(next);
  };
  return (
    <button
      type="button"
      onClick={press}
      className={classes(
        "-mx-1 inline-flex min-h-6 items-center gap-0.5 rounded px-1 hover:text-ink",
        // What stands at the right ends where its numbers do.
        by !== "symbol" && "flex-row-reverse",
        chosen && "font-medium text-ink",
      )}
    >
      {name}
      <Icon
        name="down"
        className={classes("size-3.5", !chosen && "opacity-0", !sorting.down && "rotate-180")}
      />
    </button>
  );
}

const Row = memo(function Row({
  position,
  equity,
  onClose,
}: {
  position: Position;
  equity: string | undefined;
  onClose: (symbol: string) => void;
}) {
  const { now, day } = useFigures(position);
  const share = useShare(now.value, equity);
  return (
    <tr className="relative border-line/60 border-b last:border-b-0 hover:bg-sunken/60">
      <th scope="row" className="py-2.5 pl-4 text-left font-normal">
        <Link
          to="/positions/$"
          params={{ _splat: position.symbol }}
          className="font-semibold after:absolute after:inset-0"
        >
          {position.symbol}
        </Link>
        <div className="text-soft text-xs">
          <Size position={position} />
        </div>
        {position.contract && (
          <div className="mt-0.5 text-soft text-xs">
            <ContractLine position={position} />
          </div>
        )}
      </th>
      <td className={CELL}>
        <Moving value={now.price}>{price(now.price)}</Moving>
        {position.contract && <div className="text-soft text-xs">mark</div>}
      </td>
      <td className={classes(CELL, "tabular hidden xl:table-cell")}>
        {average(position.avg_entry_price)}
      </td>
      <td className={classes(CELL, "live tabular")}>{money(now.value)}</td>
      <td className={CELL}>
        <Gain gain={day?.gain ?? null} part={day?.percent ?? null} />
      </td>
      <td className={CELL}>
        <Gain gain={now.gain} part={now.gainPercent} />
      </td>
      <td className={classes(CELL, "hidden lg:table-cell")}>
        <Share share={share} />
      </td>
      <td className={classes(CELL, "pl-3 text-left!")}>
        <Protected position={position} />
      </td>
      <td className="py-2 pr-4 pl-2 text-right">
        <Button
          size="small"
          className="relative"
          aria-label={`Close ${position.symbol}`}
          onClick={() => onClose(position.symbol)}
        >
          Close
        </Button>
      </td>
    </tr>
  );
});
