/** Test controls: time, market and network by a test's word, and what comes of it. */
import { useControls } from "@/state/controls";
import { Empty } from "@/ui/card";
import { ClockCard } from "./clock";
import { FaultsCard } from "./faults";
import { LogCard } from "./log";
import { MarketCard } from "./market";
import { OutcomesCard } from "./outcomes";

export default function Controls() {
  const allowed = useControls();
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Test controls</h1>
      {allowed ? (
        <div className="grid gap-4 lg:grid-cols-2">
          <div className="min-w-0 space-y-4">
            <ClockCard />
            <FaultsCard />
          </div>
          <div className="min-w-0 space-y-4">
            <MarketCard />
            <OutcomesCard />
          </div>
          <div className="min-w-0 lg:col-span-2">
            <LogCard />
          </div>
        </div>
      ) : (
        <Empty title="This server does not allow them">
          Start it with --controls: then time stops, jumps and goes fast, and the market does as it
          is told. Never where others trade.
        </Empty>
      )}
    </div>
  );
}
