/** Everything that is held: what it cost, what it is worth now, what it won, and what protects it. */
import { Link } from "@tanstack/react-router";
import { known } from "@/lib/loadable";
import type { Position } from "@/state/folds";
import { usePositions } from "@/state/live";
import { Card, Empty, Waiting } from "@/ui/card";
import { useMedia } from "@/ui/media";
import { Cards } from "./cards";
import { Totals, useSums } from "./figures";
import { Rows } from "./rows";

export default function Positions() {
  const positions = known(usePositions());
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Positions</h1>
      {positions === undefined ? (
        <>
          <Totals sums={undefined} />
          <Card flush>
            <Waiting className="m-4 h-64" />
          </Card>
        </>
      ) : positions.length === 0 ? (
        <Card flush>
          <Empty
            title="Nothing held yet"
            action={
              <Link
                to="/markets"
                className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-semibold text-accent-ink hover:opacity-90"
              >
                Find something to buy
              </Link>
            }
          >
            What you buy stands here with what it cost, what it is worth at every moment, and what
            you put on it to take a profit or stop a loss.
          </Empty>
        </Card>
      ) : (
        <Held positions={positions} />
      )}
    </div>
  );
}

function Held({ positions }: { positions: readonly Position[] }) {
  const wide = useMedia("(min-width: 48rem)");
  const sums = useSums(positions);
  return (
    <>
      <Totals sums={sums} />
      {wide ? <Rows positions={positions} sums={sums} /> : <Cards positions={positions} />}
    </>
  );
}
