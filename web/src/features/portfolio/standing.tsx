/** What the account has now: money, what it is exposed to, and what its positions require. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { money, percent, signedMoney } from "@/lib/format";
import { Card, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { type Portfolio, standing } from "./asked";
import { Failed } from "./failed";

export function Standing() {
  const { data, error, refetch } = useQuery(standing);
  if (data) return <Figures told={data} />;
  return (
    <Card title="Now">
      {error ? <Failed error={error} again={() => void refetch()} /> : <Waiting className="h-96" />}
    </Card>
  );
}

function Figures({ told }: { told: Portfolio }) {
  const { exposure, margin } = told;
  return (
    <>
      <Card title="Now">
        <dl>
          <Line name="Today">
            <Won value={told.day_pl} part={told.day_pl_percent} />
          </Line>
          <Line name="Since the start">
            <Won value={told.total_pl} part={told.total_pl_percent} />
          </Line>
          <Line name="Cash">{money(told.cash)}</Line>
          <Line name="Positions">{money(told.market_value)}</Line>
          <Line name="Held for orders">{money(told.reserved)}</Line>
          <Line name="Buying power">{money(told.buying_power)}</Line>
          <Line name="All your accounts">{money(told.aum)}</Line>
        </dl>
      </Card>
      <Card title="Exposure">
        <dl>
          <Line name="Long">{money(exposure.long)}</Line>
          <Line name="Short">{money(exposure.short)}</Line>
          <Line name="Gross" share={exposure.gross_percent}>
            {money(exposure.gross)}
          </Line>
          <Line name="Net" share={exposure.net_percent}>
            {money(exposure.net)}
          </Line>
          {exposure.largest_symbol && (
            <Line name="Largest" share={exposure.largest_percent}>
              {exposure.largest_symbol}
            </Line>
          )}
        </dl>
      </Card>
      <Card title="Margin">
        <dl>
          <Line name="To open">{money(margin.initial)}</Line>
          <Line name="To hold" share={margin.used_percent}>
            {money(margin.maintenance)}
          </Line>
          <Line name="Beyond that">{money(margin.excess)}</Line>
        </dl>
      </Card>
    </>
  );
}

function Won({ value, part }: { value: string; part: string | null }) {
  return (
    <Change value={value}>
      {signedMoney(value)}
      {part !== null && ` (${percent(part)})`}
    </Change>
  );
}

function Line({
  name,
  share,
  children,
}: {
  name: string;
  share?: string | null;
  children: ReactNode;
}) {
  return (
    <div className="flex items-baseline justify-between gap-4 border-line/60 py-1.5 not-first:border-t">
      <dt className="text-soft">{name}</dt>
      <dd className="live tabular text-right font-medium">
        {children}
        {share != null && (
          <span className="ml-2 font-normal text-soft text-xs">
            {percent(share).replace(/^\+/, "")} of equity
          </span>
        )}
      </dd>
    </div>
  );
}
