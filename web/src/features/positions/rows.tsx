/** The positions as a table, where there is room for one. */
import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { average, money, price, signedMoney } from "@/lib/format";
import type { Position } from "@/state/folds";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Change } from "@/ui/change";
import { classes } from "@/ui/classes";
import { Moving } from "@/ui/moving";
import { Closing } from "./closing";
import { Gain, Share, type Sums, useFigures, useShare } from "./figures";
import { ContractLine, Protected, Size } from "./words";

const HEADS: readonly { name: string; look: string }[] = [
  { name: "Position", look: "pl-4 text-left" },
  { name: "Price", look: "text-right" },
  { name: "Average cost", look: "hidden text-right xl:table-cell" },
  { name: "Value", look: "text-right" },
  { name: "Today", look: "text-right" },
  { name: "Unrealized", look: "text-right" },
  { name: "Of equity", look: "hidden text-right lg:table-cell" },
  { name: "Protection", look: "pl-3 text-left" },
];
const CELL = "px-2 py-2 text-right align-middle";

export function Rows({ positions, sums }: { positions: readonly Position[]; sums: Sums }) {
  const [closing, setClosing] = useState<string | null>(null);
  const asked = positions.find((one) => one.symbol === closing);
  return (
    <Card flush>
      <table className="w-full border-collapse">
        <caption className="sr-only">Positions</caption>
        <thead>
          <tr className="border-line border-b text-soft text-xs">
            {HEADS.map((one) => (
              <th
                key={one.name}
                scope="col"
                className={classes("px-2 py-2.5 font-normal", one.look)}
              >
                {one.name}
              </th>
            ))}
            <th scope="col" className="pr-4">
              <span className="sr-only">Close</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {positions.map((one) => (
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
