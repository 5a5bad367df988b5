/** What the market offers now: both sides, how old that is, and who says so. */
import { useQuery } from "@tanstack/react-query";
import { add, divide, multiply, subtract } from "@/lib/decimal";
import { NONE, percent, price, quantity } from "@/lib/format";
import { snapshots } from "@/state/queries";
import { openTicket } from "@/state/ticket";
import { useQuote, useView } from "@/state/ticks";
import { Card, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Moving } from "@/ui/moving";
import { agedBy, useWorldNow } from "./world";

export function QuoteCard({ symbol }: { symbol: string }) {
  const quote = useQuote(symbol);
  const view = useView(symbol);
  const now = useWorldNow();
  const asked = useQuery(snapshots([symbol]));
  const known = quote !== undefined || view !== undefined || asked.isSuccess;
  const several = (view?.sources.length ?? 0) > 1;
  const aged = agedBy(quote?.timestamp, now);
  const spread = quote?.bid && quote.ask ? subtract(quote.ask, quote.bid) : null;
  const middle = quote?.bid && quote.ask ? divide(add(quote.bid, quote.ask), "2", 8) : null;
  const part = spread && middle ? divide(multiply(spread, "100"), middle, 3) : null;
  return (
    <Card
      title="Quote"
      aside={
        <span className="live tabular text-soft text-xs">
          {aged === "" ? "" : aged === "now" ? "just now" : `${aged} ago`}
        </span>
      }
    >
      <div className="grid grid-cols-2 gap-2">
        <Side
          name="Bid"
          does="Sell at"
          value={known ? (quote?.bid ?? null) : undefined}
          size={quote?.bid_size}
          source={several ? view?.bid_source : null}
          look="text-down hover:border-down"
          onTake={(at) => openTicket({ symbol, side: "sell", type: "limit", limit_price: at })}
        />
        <Side
          name="Ask"
          does="Buy at"
          value={known ? (quote?.ask ?? null) : undefined}
          size={quote?.ask_size}
          source={several ? view?.ask_source : null}
          look="text-up hover:border-up"
          onTake={(at) => openTicket({ symbol, side: "buy", type: "limit", limit_price: at })}
        />
      </div>
      <p className="live tabular mt-2.5 flex justify-between text-soft text-xs">
        <span>Spread</span>
        <span>{spread ? `${price(spread)} (${percent(part, 3).replace("+", "")})` : NONE}</span>
      </p>
      {view?.crossed && (
        <p className="mt-1.5 text-warn text-xs">
          One source bids more than another asks: they do not agree.
        </p>
      )}
      {view && <Sources view={view} now={now} />}
    </Card>
  );
}

function Side({
  name,
  does,
  value,
  size,
  source,
  look,
  onTake,
}: {
  name: string;
  does: string;
  value: string | null | undefined;
  size: string | undefined;
  source: string | null | undefined;
  look: string;
  onTake: (price: string) => void;
}) {
  if (value === undefined) return <Waiting className="h-[5.25rem]" />;
  return (
    <button
      type="button"
      disabled={value === null}
      onClick={() => value && onTake(value)}
      className={classes(
        "rounded-lg border border-line px-3 py-2 text-left transition-colors disabled:cursor-default",
        look,
      )}
    >
      <span className="block text-soft text-xs">{name}</span>
      {value === null ? (
        <span className="block font-semibold text-lg text-soft">nobody</span>
      ) : (
        <>
          <span className="sr-only">{does} </span>
          <Moving value={value} className="font-semibold text-lg">
            {price(value)}
          </Moving>
        </>
      )}
      <span className="live tabular block truncate text-soft text-xs">
        {value === null ? NONE : `${quantity(size ?? null)} shown`}
        {source ? ` · ${source}` : ""}
      </span>
    </button>
  );
}

/** Every source of the view with how old what it said is. */
function Sources({
  view,
  now,
}: {
  view: NonNullable<ReturnType<typeof useView>>;
  now: number | null;
}) {
  if (view.sources.length === 0) return null;
  return (
    <table className="mt-3 w-full border-line border-t text-xs">
      <caption className="sr-only">Sources</caption>
      <thead>
        <tr className="text-soft">
          <th scope="col" className="pt-2 pb-1 text-left font-normal">
            Source
          </th>
          <th scope="col" className="pt-2 pb-1 text-right font-normal">
            Quoted
          </th>
          <th scope="col" className="pt-2 pb-1 text-right font-normal">
            Traded
          </th>
        </tr>
      </thead>
      <tbody>
        {view.sources.map((one) => (
          <tr key={one.source}>
            <td className="max-w-0 truncate py-0.5">
              {one.source}
              {one.lost && <span className="ml-1.5 font-medium text-warn">lost</span>}
            </td>
            <td className="live tabular py-0.5 text-right">{agedBy(one.quoted_at, now) || NONE}</td>
            <td className="live tabular py-0.5 text-right">{agedBy(one.traded_at, now) || NONE}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
