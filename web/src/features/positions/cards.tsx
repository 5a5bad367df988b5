/** The positions as cards, for a hand. */
import { Link } from "@tanstack/react-router";
import { memo, useState } from "react";
import { average, money, price } from "@/lib/format";
import type { Position } from "@/state/folds";
import { Button } from "@/ui/button";
import { Moving } from "@/ui/moving";
import { Closing } from "./closing";
import { Gain, useFigures } from "./figures";
import { ContractLine, Protected, Size } from "./words";

export function Cards({ positions }: { positions: readonly Position[] }) {
  const [closing, setClosing] = useState<string | null>(null);
  const asked = positions.find((one) => one.symbol === closing);
  return (
    <>
      <ul aria-label="Positions" className="space-y-3">
        {positions.map((one) => (
          <One key={one.symbol} position={one} onClose={setClosing} />
        ))}
      </ul>
      {asked && <Closing position={asked} onDone={() => setClosing(null)} />}
    </>
  );
}

const One = memo(function One({
  position,
  onClose,
}: {
  position: Position;
  onClose: (symbol: string) => void;
}) {
  const { now, day } = useFigures(position);
  return (
    <li className="relative rounded-xl border border-line bg-surface p-4">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <Link
            to="/positions/$"
            params={{ _splat: position.symbol }}
            className="font-semibold text-base after:absolute after:inset-0"
          >
            {position.symbol}
          </Link>
          <div className="text-[0.8125rem] text-soft">
            <Size position={position} />
          </div>
        </div>
        <div className="text-right">
          <Moving value={now.value} className="font-semibold text-base">
            {money(now.value)}
          </Moving>
          <div className="live tabular text-[0.8125rem] text-soft">{price(now.price)} each</div>
        </div>
      </div>
      <dl className="mt-3 grid grid-cols-3 gap-2">
        <Fact name="Today">
          <Gain gain={day?.gain ?? null} part={day?.percent ?? null} />
        </Fact>
        <Fact name="Unrealized">
          <Gain gain={now.gain} part={now.gainPercent} />
        </Fact>
        <Fact name="Average cost">
          <span className="tabular font-medium">{average(position.avg_entry_price)}</span>
        </Fact>
      </dl>
      {position.contract && (
        <p className="mt-2 text-[0.8125rem] text-soft">
          <ContractLine position={position} />
        </p>
      )}
      <div className="mt-3 flex items-center justify-between gap-3 border-line/60 border-t pt-3">
        <span className="text-[0.8125rem]">
          {position.protection ? (
            <Protected position={position} />
          ) : (
            <span className="text-soft">No protection</span>
          )}
        </span>
        <Button
          className="relative min-h-11"
          aria-label={`Close ${position.symbol}`}
          onClick={() => onClose(position.symbol)}
        >
          Close
        </Button>
      </div>
    </li>
  );
});

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-soft text-xs">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
