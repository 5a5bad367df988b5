/** One symbol: its price now, its chart, its day, its trades, and what the account has to do with it. */
import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { assets } from "@/state/queries";
import { Empty } from "@/ui/card";
import { BarsCard } from "./bars_card";
import { CompanyCard, ContractCard } from "./company";
import { DayCard, MonthsCard } from "./day";
import { Halted } from "./head";
import { Holding } from "./holding";
import { QuoteCard } from "./quote";
import { Tape } from "./tape";
import { Working } from "./working";

/** `btcusd` and `BTC-USD` are `BTC/USD`, as for the API. */
const bare = (symbol: string) => symbol.toUpperCase().replaceAll(/[-/]/g, "");

export default function SymbolScreen() {
  const symbol = (useParams({ strict: false }) as { _splat?: string })._splat ?? "";
  const { data: all, error } = useQuery(assets);
  const asset = all?.find((one) => one.symbol === symbol);
  const meant = asset ? undefined : all?.find((one) => bare(one.symbol) === bare(symbol));
  if (meant) return <Navigate to="/symbols/$" params={{ _splat: meant.symbol }} replace />;
  if ((error && !all) || (all && !asset)) {
    return (
      <div className="p-4">
        <h1 className="sr-only">{symbol}</h1>
        <Empty title={error ? told(error).wrong : `There is no ${symbol} here`}>
          {error ? told(error).right : "Markets lists every symbol that is traded."}
        </Empty>
      </div>
    );
  }
  // By the room there is, not by the window's width: the ticket may stand beside it.
  return (
    <div className="@container mx-auto max-w-[96rem] p-3 sm:p-4 lg:p-6">
      <div className="grid gap-4 @5xl:grid-cols-[minmax(0,1fr)_20rem] @5xl:grid-rows-[auto_1fr]">
        <div className="min-w-0 space-y-4">
          <Halted symbol={asset ? symbol : ""} />
          <BarsCard symbol={symbol} asset={asset} />
          {asset && <Working asset={asset} />}
        </div>
        {asset && (
          <div
            key={symbol}
            className="grid min-w-0 content-start gap-4 @2xl:grid-cols-2 @5xl:row-span-2 @5xl:grid-cols-1"
          >
            <div className="min-w-0 space-y-4">
              <Holding symbol={symbol} />
              <QuoteCard symbol={symbol} />
              <DayCard symbol={symbol} />
            </div>
            <div className="flex min-w-0 flex-col gap-4">
              <ContractCard asset={asset} />
              <Tape symbol={symbol} />
            </div>
          </div>
        )}
        {asset && (
          <div className="grid min-w-0 items-start gap-4 @2xl:grid-cols-2">
            <MonthsCard symbol={symbol} />
            <CompanyCard asset={asset} />
          </div>
        )}
      </div>
    </div>
  );
}
