/** What an account has and may do: each number with what it means. */
import { divide, multiply, sign, toNumber } from "@/lib/decimal";
import { moment, money, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Account } from "@/state/folds";
import { usePositions } from "@/state/live";
import { useQuotes } from "@/state/ticks";
import { equityNow } from "@/state/worth";
import { Card } from "@/ui/card";
import { Change } from "@/ui/change";
import { Moving } from "@/ui/moving";
import { Notice } from "@/ui/notice";

const NONE = [] as const;

export function Numbers({ account }: { account: Account }) {
  const positions = known(usePositions()) ?? NONE;
  const quote = useQuotes(positions.map((one) => one.symbol));
  const equity = equityNow(account, positions, quote);
  const margin = account.kind === "margin";
  return (
    <Card>
      <div className="flex flex-wrap gap-x-12 gap-y-4">
        <div>
          <p className="text-soft">Equity</p>
          <Moving
            value={equity}
            className="inline-block font-semibold text-3xl tracking-tight sm:text-4xl"
          >
            {money(equity)}
          </Moving>
          <p className="text-[0.8125rem] text-soft">Cash and what the positions would bring now.</p>
        </div>
        <div>
          <p className="text-soft">Buying power</p>
          <p className="live tabular font-semibold text-3xl tracking-tight sm:text-4xl">
            {money(account.buying_power)}
          </p>
          <p className="text-[0.8125rem] text-soft">
            {margin
              ? "What may be opened now: twice the equity that nothing requires."
              : "What may be bought now: cash that no order holds."}
          </p>
        </div>
      </div>
      {account.margin_call && (
        <Notice kind="wrong" className="mt-4" title="This account has a margin call">
          {account.margin_call.liquidating
            ? "The house is closing positions until what is left requires no more than there is."
            : `Its positions require more than it has. Deposit or close something before ${moment(account.margin_call.due_at)}; then the house closes positions.`}
        </Notice>
      )}
      {account.good_faith_violations > 0 && (
        <Notice kind="warn" className="mt-4" title="Good faith violations">
          {account.good_faith_violations} so far: something bought with proceeds that had not
          settled was sold before they did. A margin account has no such rule.
        </Notice>
      )}
      <dl className="mt-5 grid gap-x-8 border-line/60 border-t sm:grid-cols-2">
        <Line name="Cash" value={account.cash} words="Below zero it is borrowed." />
        <Line
          name="Held for orders"
          value={account.reserved}
          words="Set aside for open orders until they fill or end."
        />
        <Line
          name="May be withdrawn"
          value={account.withdrawable}
          words="Cash that has settled and nothing requires."
        />
        <Line
          name="Not settled yet"
          value={account.unsettled}
          words="From sales of stocks; it comes with the next session."
        />
        <Line name="Long positions" value={account.long_market_value} words="At the bid." />
        <Line
          name="Short positions"
          value={account.short_market_value}
          words="What buying them back would cost, at the ask."
        />
        {account.isolated_equity && sign(account.isolated_equity) !== 0 && (
          <Line
            name="Isolated contracts"
            value={account.isolated_equity}
            words="Their margin with what they win or lose."
          />
        )}
        <Line
          name="Realized P&L"
          value={account.realized_pl}
          words="What closings have won, before fees."
          signed
        />
        <Line name="Paid in" value={account.deposited} words="Deposits less withdrawals." />
        <Line name="Fees" value={account.fees} words="Of all fills so far." />
        <Line
          name="Interest and borrow fees"
          value={account.interest}
          words="For borrowed cash and shares."
        />
        {account.funding && sign(account.funding) !== 0 && (
          <Line
            name="Funding"
            value={account.funding}
            words="Paid for perpetual contracts, less received."
          />
        )}
      </dl>
      {margin && <Margin account={account} equity={equity} />}
    </Card>
  );
}

function Line({
  name,
  value,
  words,
  signed = false,
}: {
  name: string;
  value: string;
  words: string;
  signed?: boolean;
}) {
  return (
    <div className="flex items-baseline justify-between gap-4 border-line/60 border-b py-2.5">
      <dt className="min-w-0">
        <span className="block font-medium">{name}</span>
        <span className="block text-[0.8125rem] text-soft">{words}</span>
      </dt>
      <dd className="live tabular font-medium">
        {signed ? <Change value={value}>{signedMoney(value)}</Change> : money(value)}
      </dd>
    </div>
  );
}

/** How much of the equity holding the positions requires; all of it is a margin call. */
function Margin({ account, equity }: { account: Account; equity: string }) {
  const used =
    sign(equity) > 0
      ? divide(multiply(account.maintenance_margin, "100"), equity, 1)
      : sign(account.maintenance_margin) > 0
        ? "100"
        : "0";
  const share = Math.min(100, toNumber(used ?? "0"));
  const near = share >= 80;
  return (
    <div className="mt-5">
      <div className="flex items-baseline justify-between gap-4">
        <p className="font-medium">Margin in use</p>
        <p className={near ? "tabular font-medium text-down" : "tabular font-medium"}>{used}%</p>
      </div>
      <div aria-hidden="true" className="mt-2 h-2 overflow-hidden rounded-full bg-line">
        <div
          className={near ? "h-full rounded-full bg-down" : "h-full rounded-full bg-accent"}
          style={{ width: `${share}%` }}
        />
      </div>
      <p className="mt-2 text-[0.8125rem] text-soft">
        Holding the positions requires{" "}
        <span className="tabular">{money(account.maintenance_margin)}</span>, opening them{" "}
        <span className="tabular">{money(account.initial_margin)}</span>.{" "}
        <span className="tabular">{money(account.excess)}</span> of the equity is free before a
        margin call.
      </p>
    </div>
  );
}
