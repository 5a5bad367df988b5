/** Each fill of an order, and why it was made at this price and size. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import { divide, sign } from "@/lib/decimal";
import { moment, money, price, quantity, signedMoney, words } from "@/lib/format";
import type { Execution, Order } from "@/state/folds";
import { isOpen } from "@/state/folds";
import { executions } from "@/state/queries";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Notice } from "@/ui/notice";
import { feesWords } from "./words";

export function Fills({ order }: { order: Order }) {
  const { data, error } = useQuery(executions(order.id));
  if (error && !data) {
    return (
      <Card title="Fills">
        <Notice kind="wrong" title={told(error).wrong}>
          {told(error).right}
        </Notice>
      </Card>
    );
  }
  if (data === undefined) {
    return (
      <Card title="Fills">
        <Waiting className="h-24" />
      </Card>
    );
  }
  const many = data.length > 1 ? `${data.length} fills` : undefined;
  return (
    <Card
      title={["Fills", "Why this fill"][data.length] ?? "Why these fills"}
      flush
      aside={many && <span className="text-soft">{many}</span>}
    >
      {data.length === 0 ? (
        <Empty title={isOpen(order) ? "Not filled yet" : "It was never filled"}>
          {isOpen(order)
            ? "When it fills, the quote it saw, the fees and the rule stand here."
            : "What happened to it stands below."}
        </Empty>
      ) : (
        <ol aria-label="Fills" className="border-line border-t">
          {data.map((one) => (
            <Fill key={one.id} fill={one} />
          ))}
        </ol>
      )}
    </Card>
  );
}

const seconds = (ns: number): string => {
  const text = divide(`${Math.trunc(ns / 1_000_000)}`, "1000", 3) ?? "0";
  return `${text} s`;
};

function Fill({ fill }: { fill: Execution }) {
  const { quote } = fill;
  return (
    <li className="border-line/60 border-b px-4 py-3.5 [contain-intrinsic-size:auto_17rem] [content-visibility:auto] last:border-b-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="tabular font-semibold text-base">
          {quantity(fill.qty)} at {price(fill.price)}
        </p>
        <time dateTime={fill.executed_at} className="tabular text-soft text-xs">
          {moment(fill.executed_at)}
        </time>
      </div>
      <p className="mt-1 text-pretty">{fill.explanation}</p>
      <dl className="mt-3 grid gap-x-6 gap-y-1.5 rounded-lg bg-sunken px-3 py-2.5 text-[0.8125rem] sm:grid-cols-2">
        <Fact name="Bid it saw">
          {price(quote.bid)} × {quantity(quote.bid_size)}
        </Fact>
        <Fact name="Ask it saw">
          {price(quote.ask)} × {quantity(quote.ask_size)}
        </Fact>
        <Fact name="Age of the quote">{seconds(quote.age_ns)}</Fact>
        <Fact name="Offered there">
          {price(fill.quoted_price)} × {quantity(fill.size_open)}
        </Fact>
        {sign(fill.slippage) !== 0 && <Fact name="Slippage">{price(fill.slippage)} worse</Fact>}
        {sign(fill.improvement) !== 0 && (
          <Fact name="Improvement">{price(fill.improvement)} better</Fact>
        )}
        {fill.level > 0 && <Fact name="Levels behind the quote">{fill.level}</Fact>}
        {fill.print_size !== null && (
          <Fact name="Trade that filled it">{quantity(fill.print_size)}</Fact>
        )}
        <Fact name="Value">{money(fill.value)}</Fact>
        {fill.fees.map((fee) => (
          <Fact key={fee.kind} name={feeWords(fee.kind)}>
            {feesWords(fee.amount)}
          </Fact>
        ))}
        <Fact name="All fees">
          {feesWords(fill.fees_total)}
          {fill.fee_table !== null && <span className="text-soft"> (table {fill.fee_table})</span>}
        </Fact>
        {sign(fill.realized_pl) !== 0 && (
          <Fact name="Realized before fees">
            <Change value={fill.realized_pl}>{signedMoney(fill.realized_pl)}</Change>
          </Fact>
        )}
        <Fact name="Profile">
          {fill.profile.name}, version {fill.profile.version}
        </Fact>
        <Fact name="Rule">{words(fill.rule)}</Fact>
        <Fact name="Cash after">{money(fill.cash_after)}</Fact>
        <Fact name="Position after">{quantity(fill.position_qty_after)}</Fact>
      </dl>
    </li>
  );
}

const FEES: Readonly<Record<string, string>> = {
  sec_section_31: "SEC section 31 fee",
  finra_taf: "FINRA activity fee",
  crypto_taker: "Taker fee",
  crypto_maker: "Maker fee",
};

function feeWords(kind: string): string {
  const text = FEES[kind] ?? words(kind);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3">
      <dt className="shrink-0 text-soft">{name}</dt>
      <dd className="tabular min-w-0 whitespace-normal! text-right">{children}</dd>
    </div>
  );
}
