/** A year's closings, summed and to take away. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { save } from "@/lib/csv";
import { sign } from "@/lib/decimal";
import { money, signedMoney } from "@/lib/format";
import { known } from "@/lib/loadable";
import { taxFile } from "@/state/desk";
import { closed } from "@/state/holdings";
import { useFills } from "@/state/live";
import { Button } from "@/ui/button";
import { Card, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";

const THIS_YEAR = new Date().getFullYear();
const YEARS = [THIS_YEAR, THIS_YEAR - 1, THIS_YEAR - 2].map((one) => ({
  value: `${one}`,
  label: `${one}`,
}));

export function Tax() {
  const [year, setYear] = useState(`${THIS_YEAR}`);
  const newest = known(useFills())?.[0]?.id;
  const { data, error } = useQuery(closed(Number(year), undefined, newest));
  const file = useMutation({
    mutationFn: () => taxFile(Number(year)),
    onSuccess: (text) => save(`stockyard-tax-${year}.csv`, text),
  });
  const wrong = error ?? file.error;
  return (
    <Card title="Tax report">
      <Segmented small label="Year" options={YEARS} value={year} onChange={setYear} />
      {data ? (
        <dl className="my-3 space-y-1.5">
          <Term name="Held up to a year" totals={data.short_term} />
          <Term name="Held for longer" totals={data.long_term} />
          <Term name="All of it, for tax" totals={data.total} whole />
        </dl>
      ) : (
        !error && <Waiting className="my-3 h-20" />
      )}
      {data && sign(data.total.wash_sale_disallowed) > 0 && (
        <p className="mb-3 text-[0.8125rem] text-warn">
          Wash sales disallow {money(data.total.wash_sale_disallowed)} of the losses.
        </p>
      )}
      {wrong && (
        <Notice kind="wrong" className="my-3" title={told(wrong).wrong}>
          {told(wrong).right}
        </Notice>
      )}
      <Button className="w-full" busy={file.isPending} onClick={() => file.mutate()}>
        Download {year} as CSV
      </Button>
      <p className="mt-3 text-[0.8125rem] text-soft">
        It is a paper too, among the{" "}
        <Link to="/statements" className="font-medium text-accent">
          statements and exports
        </Link>
        .
      </p>
    </Card>
  );
}

function Term({
  name,
  totals,
  whole = false,
}: {
  name: string;
  totals: Schemas["TaxTotals"];
  whole?: boolean;
}) {
  return (
    <div
      className={
        whole
          ? "flex justify-between gap-3 border-line/60 border-t pt-1.5 font-medium"
          : "flex justify-between gap-3"
      }
    >
      <dt className={whole ? "" : "text-soft"}>
        {name}
        <span className="text-soft text-xs"> · {totals.lines} closed</span>
      </dt>
      <dd>
        <Change value={totals.taxable_pl}>{signedMoney(totals.taxable_pl)}</Change>
      </dd>
    </div>
  );
}
