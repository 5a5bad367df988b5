/** The portfolio: what it was worth in every range, how well it did, and what it has now. */
import { useState } from "react";
import type { Range } from "./asked";
import { Panel } from "./panel";
import { Standing } from "./standing";
import { WorthCard } from "./worth";

export default function PortfolioScreen() {
  const [range, setRange] = useState<Range>("1M");
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="font-semibold text-xl tracking-tight">Portfolio</h1>
      <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0 space-y-4">
          <WorthCard range={range} onRange={setRange} />
          <Panel range={range} />
        </div>
        <div className="min-w-0 space-y-4">
          <Standing />
        </div>
      </div>
    </div>
  );
}
