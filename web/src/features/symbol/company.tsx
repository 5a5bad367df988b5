/** Who stands behind a symbol, and a contract's terms. */
import { useQuery } from "@tanstack/react-query";
import { subtract } from "@/lib/decimal";
import { compact, number, percent, price } from "@/lib/format";
import type { Asset } from "@/state/instrument";
import { company, funding } from "@/state/market";
import { useQuote, useView } from "@/state/ticks";
import { Card, Waiting } from "@/ui/card";
import { Fact } from "./facts";
import { useWorldNow } from "./world";

export function CompanyCard({ asset }: { asset: Asset }) {
  const { data, error } = useQuery(company(asset.symbol));
  const coin = asset.asset_class !== "us_equity";
  if (error || (data && !data.available)) return null;
  if (data === undefined) {
    return (
      <Card title={coin ? "About" : "Company"}>
        <Waiting className="h-40" />
      </Card>
    );
  }
  const facts: [string, string | null | undefined][] = [
    ["Sector", data.sector],
    ["Industry", data.industry],
    ["Market value", data.market_cap && `$${compact(data.market_cap)}`],
    [coin ? "Coins" : "Shares", data.units_outstanding && compact(data.units_outstanding)],
    ["Employees", data.employees === null ? null : number(`${data.employees}`)],
    ["Headquarters", data.headquarters],
    ["Listed", data.listed_on?.slice(0, 4)],
  ];
  return (
    <Card
      title={coin ? "About" : "Company"}
      aside={
        data.homepage && (
          <a
            href={data.homepage}
            rel="noopener noreferrer"
            target="_blank"
            className="text-[0.8125rem] text-accent underline-offset-2 hover:underline"
          >
            {new URL(data.homepage).hostname.replace(/^www\./, "")}
            <span className="sr-only"> (opens a new tab)</span>
          </a>
        )
      }
    >
      {data.description && <p className="mb-3 text-pretty text-soft">{data.description}</p>}
      <dl className="space-y-2">
        {facts.map(
          ([name, value]) =>
            value && (
              <Fact key={name} name={name}>
                {value}
              </Fact>
            ),
        )}
      </dl>
    </Card>
  );
}

const HOUR = 3_600_000;
/** Nobody has said anything of it yet. */
const NOTHING = { mark_price: null, index_price: null, funding_rate_percent: null };

/** What is special about a perpetual contract: its mark, its index, and what holding it costs. */
export function ContractCard({ asset }: { asset: Asset }) {
  const { symbol, contract: terms } = asset;
  const contract = useQuote(symbol)?.contract;
  const view = useView(symbol);
  const { data } = useQuery({ ...funding(symbol), enabled: Boolean(terms) });
  const now = useWorldNow();
  if (!terms) return null;
  const every = terms.funding_interval_seconds * 1000;
  const left = now === null ? null : every - (now % every);
  const told = contract ?? (view ? NOTHING : undefined);
  const mark = told?.mark_price;
  const index = told?.index_price;
  const hours = number(`${every / HOUR}`);
  return (
    <Card title="Contract">
      <dl className="space-y-2">
        <Fact name="Mark">{told && price(mark ?? null)}</Fact>
        <Fact name={`Index (${terms.index_symbol})`}>{told && price(index ?? null)}</Fact>
        <Fact name="Premium">{told && price(mark && index ? subtract(mark, index) : null)}</Fact>
        <Fact name="Last funding">{told && percent(told.funding_rate_percent, 4)}</Fact>
        <Fact name="Next funding">{left === null ? undefined : `in ${clockOf(left)}`}</Fact>
        <Fact name="Most leverage">{`${terms.leverage_max}×`}</Fact>
        <Fact name="Maintenance margin">
          {percent(terms.maintenance_margin_percent).replace("+", "")}
        </Fact>
      </dl>
      <p className="mt-3 text-pretty text-soft text-xs">
        Every {hours === "1" ? "hour" : `${hours} hours`} longs pay shorts the funding rate of their
        position’s value, or shorts pay longs when it is below zero.
      </p>
      {data && data.length > 0 && (
        <p className="tabular mt-2 text-soft text-xs">
          Before: {data.map((one) => percent(one.rate_percent, 4)).join(", ")}
        </p>
      )}
    </Card>
  );
}

function clockOf(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return parts.map((one) => `${one}`.padStart(2, "0")).join(":");
}
