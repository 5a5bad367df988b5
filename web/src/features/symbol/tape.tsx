/** The trades of the market as they happen, newest first. */
import { compare } from "@/lib/decimal";
import { price, quantity } from "@/lib/format";
import { type Trade, useTrades } from "@/state/trades";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});

/** Against the trade before it that had another price: 1 up, -1 down. */
export function ways(trades: readonly Trade[]): (-1 | 0 | 1)[] {
  const found: (-1 | 0 | 1)[] = [];
  let way: -1 | 0 | 1 = 0;
  for (let at = trades.length - 1; at >= 0; at -= 1) {
    const before = trades[at + 1];
    const moved = before ? compare((trades[at] as Trade).price, before.price) : 0;
    way = moved === 0 ? way : moved;
    found.unshift(way);
  }
  return found;
}

const LOOKS = { "-1": "text-down", "0": "", "1": "text-up" } as const;
const SIGNS = { "-1": "▼", "0": "", "1": "▲" } as const;
const WORDS = { "-1": "down", "0": "", "1": "up" } as const;

export function Tape({ symbol }: { symbol: string }) {
  const trades = useTrades(symbol);
  const way = trades && ways(trades);
  return (
    <Card
      title="Trades"
      flush
      className="flex flex-1 flex-col [&>div]:relative [&>div]:min-h-72 [&>div]:flex-1"
    >
      {trades === undefined ? (
        <div className="px-4 pb-4">
          <Waiting className="h-64" />
        </div>
      ) : trades.length === 0 ? (
        <Empty title="No trades yet">Each trade of the market stands here as it happens.</Empty>
      ) : (
        <section
          aria-label="Latest trades"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
          tabIndex={0}
          className="absolute inset-0 overflow-y-auto px-4 pb-3"
        >
          <table className="w-full text-[0.8125rem]">
            <thead className="sticky top-0 bg-surface text-soft text-xs">
              <tr>
                <th scope="col" className="pb-1 text-left font-normal">
                  Time
                </th>
                <th scope="col" className="pb-1 text-right font-normal">
                  Size
                </th>
                <th scope="col" className="pb-1 text-right font-normal">
                  Price
                </th>
              </tr>
            </thead>
            <tbody>
              {trades.map((one, index) => {
                const moved = `${way?.[index] ?? 0}` as keyof typeof LOOKS;
                return (
                  <tr key={one.id} className="live tabular">
                    <td className="py-[3px] text-soft">{TIME.format(new Date(one.at))}</td>
                    <td className="py-[3px] text-right">{quantity(one.size)}</td>
                    <td className={classes("py-[3px] text-right font-medium", LOOKS[moved])}>
                      <span className="mr-1 text-[0.7em]" aria-hidden="true">
                        {SIGNS[moved]}
                      </span>
                      <span className="sr-only">{WORDS[moved]} </span>
                      {price(one.price)}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </Card>
  );
}
