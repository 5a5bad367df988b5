/** What whoever runs this Stockyard has limited the person to; nothing is shown where there is none. */
import { useQuery } from "@tanstack/react-query";
import { money, words } from "@/lib/format";
import { ownLimits } from "@/state/desk";
import { Card } from "@/ui/card";
import { Notice } from "@/ui/notice";

export function Limits() {
  const { data } = useQuery(ownLimits);
  if (data === undefined) return null;
  const { limits } = data;
  const facts: [string, string | number | null | undefined][] = [
    ["Value of an order", limits.order_value && `at most ${money(limits.order_value)}`],
    ["Open orders", limits.open_orders && `at most ${limits.open_orders}`],
    ["Leverage", limits.leverage && `at most ${limits.leverage}`],
    ["Order types", limits.order_types?.map(words).join(", ")],
    ["Symbols", limits.symbols?.join(", ")],
    ["Requests a minute", limits.requests_per_minute],
    ["Orders a minute", limits.orders_per_minute],
  ];
  const set = facts.filter(([, value]) => value !== null && value !== undefined);
  if (!data.frozen && set.length === 0) return null;
  return (
    <Card title="What you are limited to">
      {data.frozen && (
        <Notice kind="warn" title="Your trading is frozen">
          Nothing new is taken in any of your accounts; open orders can be canceled. Ask whoever
          runs this Stockyard.
        </Notice>
      )}
      {set.length > 0 && (
        <>
          <dl className="mt-1">
            {set.map(([name, value]) => (
              <div
                key={name}
                className="flex items-baseline justify-between gap-4 border-line/60 border-b py-2 last:border-b-0"
              >
                <dt className="text-soft">{name}</dt>
                <dd className="text-right font-medium tabular-nums">{value}</dd>
              </div>
            ))}
          </dl>
          <p className="mt-2 text-[0.8125rem] text-soft">
            Whoever runs this Stockyard has set this, for all your accounts. What reduces a position
            is never limited.
          </p>
        </>
      )}
    </Card>
  );
}
