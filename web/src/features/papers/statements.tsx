/** A month's statement: where the account stood, what moved it, and the paper to keep. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { sign } from "@/lib/decimal";
import { moment, money, number, price, quantity, signedMoney } from "@/lib/format";
import { saveStatement, statement, statementMonths } from "@/state/papers";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";
import { Saving } from "./saving";
import { KIND_WORDS, monthWords } from "./words";

type Statement = Schemas["Statement"];
type Month = Schemas["StatementMonth"];

export function Statements() {
  const { data: months, error } = useQuery(statementMonths);
  const [chosen, setChosen] = useState<string | null>(null);
  const month = months?.find((one) => one.month === chosen) ?? months?.[0];
  if (error && months === undefined) {
    return (
      <Notice kind="wrong" title={told(error).wrong}>
        {told(error).right}
      </Notice>
    );
  }
  if (months === undefined || month === undefined) {
    return (
      <Card>
        <Waiting className="h-96" />
      </Card>
    );
  }
  return (
    <Card>
      <div className="flex flex-wrap items-end justify-between gap-3 pb-4">
        <Select
          label="Month"
          className="min-w-56 max-sm:w-full"
          options={months.map((one) => ({
            value: one.month,
            label: monthWords(one.month) + (one.is_over ? "" : ", so far"),
          }))}
          value={month.month}
          onChange={setChosen}
        />
        <div className="flex gap-2">
          <Saving
            save={() => saveStatement(month.month, "pdf")}
            label={`Download ${monthWords(month.month)} as PDF`}
          >
            PDF
          </Saving>
          <Saving
            save={() => saveStatement(month.month, "html")}
            label={`Download ${monthWords(month.month)} as a web page`}
          >
            Web page
          </Saving>
        </div>
      </div>
      <Told key={month.month} month={month} />
    </Card>
  );
}

function Told({ month }: { month: Month }) {
  const { data, error } = useQuery(statement(month));
  if (data === undefined) {
    return error ? (
      <Notice kind="wrong" title={told(error).wrong}>
        {told(error).right}
      </Notice>
    ) : (
      <Waiting className="h-80" />
    );
  }
  return (
    <div className="space-y-5">
      <Values told={data} />
      <Cash told={data} />
      <Positions told={data} />
      <p className="text-pretty text-soft text-xs">
        {number(`${data.postings_count}`)} {data.postings_count === 1 ? "posting" : "postings"} make
        these sums; the paper lists them with the events that made them. From{" "}
        {moment(data.opening.at)} until {moment(data.closing.at)}; months are New York's.
      </p>
    </div>
  );
}

function Values({ told }: { told: Statement }) {
  const facts = [
    ["At the beginning", money(told.opening.value), null],
    ["At the end", money(told.closing.value), null],
    ["Paid in and out", signedMoney(told.invested), null],
    ["Gain", signedMoney(told.gain), told.gain],
    ["Realized, before fees", signedMoney(told.realized_pl), told.realized_pl],
  ] as const;
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3">
      {facts.map(([name, value, change]) => (
        <div key={name} className="min-w-0">
          <dt className="text-soft text-xs">{name}</dt>
          <dd className="tabular truncate font-semibold text-base">
            {change === null ? value : <Change value={change}>{value}</Change>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Cash({ told }: { told: Statement }) {
  const moved = told.sums.filter((one) => sign(one.amount) !== 0);
  return (
    <section aria-label="Cash">
      <h2 className="mb-1 font-semibold text-[0.9375rem]">Cash</h2>
      <dl className="tabular">
        <Sum name="At the beginning" value={money(told.opening.cash)} soft />
        {moved.map((one) => (
          <Sum key={one.kind} name={KIND_WORDS[one.kind]} value={signedMoney(one.amount)} />
        ))}
        <Sum name="At the end" value={money(told.closing.cash)} whole />
      </dl>
    </section>
  );
}

function Sum({
  name,
  value,
  soft = false,
  whole = false,
}: {
  name: string;
  value: string;
  soft?: boolean;
  whole?: boolean;
}) {
  return (
    <div
      className={
        whole
          ? "flex justify-between gap-3 py-1.5 font-semibold"
          : "flex justify-between gap-3 border-line/60 border-b py-1.5"
      }
    >
      <dt className={soft ? "text-soft" : ""}>{name}</dt>
      <dd className={soft ? "text-soft" : ""}>{value}</dd>
    </div>
  );
}

function Positions({ told }: { told: Statement }) {
  const { positions } = told.closing;
  return (
    <section aria-label="Positions at the end">
      <h2 className="mb-1 font-semibold text-[0.9375rem]">Positions at the end</h2>
      {positions.length === 0 ? (
        <Empty title="No positions">Cash was all there was.</Empty>
      ) : (
        <ul>
          {positions.map((one) => (
            <li
              key={one.symbol}
              className="flex justify-between gap-3 border-line/60 border-b py-2 last:border-b-0"
            >
              <span className="min-w-0">
                <span className="font-medium">{one.symbol}</span>
                <span className="tabular block text-soft text-xs">
                  {quantity(one.qty)}
                  {one.price === null ? ", at cost" : ` at ${price(one.price)}`}
                </span>
              </span>
              <span className="tabular text-right">
                <span className="font-medium">{money(one.value)}</span>
                <span className="block text-xs">
                  <Change value={one.unrealized_pl}>{signedMoney(one.unrealized_pl)}</Change>
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
