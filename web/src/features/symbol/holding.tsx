/** What is held of the symbol, and what it is worth now. */
import { Link } from "@tanstack/react-router";
import { average, money, percent, price, quantity, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import { usePositions } from "@/state/live";
import { useQuote } from "@/state/ticks";
import { worth } from "@/state/worth";
import { Card } from "@/ui/card";
import { Change } from "@/ui/change";
import { Fact } from "./facts";

export function Holding({ symbol }: { symbol: string }) {
  const positions = known(usePositions());
  const quote = useQuote(symbol);
  const held = positions?.find((one) => one.symbol === symbol);
  if (held === undefined) return null;
  const now = worth(held, quote);
  const { contract, protection } = held;
  return (
    <Card
      title="Your position"
      aside={
        <Link
          to={`/positions/${symbol}` as "/"}
          className="text-[0.8125rem] text-accent underline-offset-2 hover:underline"
        >
          Lots and protection
        </Link>
      }
    >
      <dl className="space-y-2">
        <Fact name="Quantity">
          {quantity(held.qty)} {held.side}
        </Fact>
        <Fact name="Average cost">{average(held.avg_entry_price)}</Fact>
        <Fact name="Worth">{money(now.value)}</Fact>
        <Fact name="Unrealized">
          <Change value={now.gain}>
            {signedMoney(now.gain)} ({percent(now.gainPercent)})
          </Change>
        </Fact>
        {contract && (
          <>
            <Fact name="Leverage">
              {contract.leverage}× {contract.mode}
            </Fact>
            <Fact name="Liquidation at">{price(contract.liquidation_price)}</Fact>
          </>
        )}
        {protection?.take_profit && (
          <Fact name="Take profit">{price(protection.take_profit.limit_price)}</Fact>
        )}
        {protection?.stop_loss && (
          <Fact name="Stop loss">{price(protection.stop_loss.stop_price)}</Fact>
        )}
      </dl>
    </Card>
  );
}
