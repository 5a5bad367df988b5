/** Every source of prices: how fast it speaks, how long ago, and what of it did not count. */
import { age } from "@/lib/format";
import { Card, Empty, Waiting } from "@/ui/card";
import { type Column, Table } from "@/ui/table";
import type { Health } from "./health";
import { rateWords } from "./pace";
import { Spark } from "./spark";
import { kindWords, leftOutWords } from "./words";

type Source = NonNullable<Health["data"]>["sources"][number];

/** A tick of this second came now: what is shown is up to two seconds old itself. */
const ago = (passed: number) => (passed < 3_000 ? "now" : `${age(passed)} ago`);
const left = (one: Source) => one.left_out.reduce((sum, { count }) => sum + count, 0);

export function Sources({ health }: { health: Health }) {
  const { data, pace, worldNow } = health;
  const columns: readonly Column<Source>[] = [
    {
      name: "source",
      head: "Source",
      width: "minmax(0,1.6fr)",
      cell: (one) => (
        <div className="min-w-0">
          <div className="truncate font-medium">{one.source}</div>
          <div className="truncate text-soft text-xs">{kindWords(one.kind)}</div>
        </div>
      ),
    },
    {
      name: "line",
      head: "Two minutes",
      wide: true,
      cell: (one) => <Spark rates={pace.rates.get(`source ${one.source}`) ?? []} />,
    },
    {
      name: "rate",
      head: "A second",
      right: true,
      width: "minmax(0,0.7fr)",
      cell: (one) => (
        <span className="live tabular font-medium">
          {rateWords(pace.rates.get(`source ${one.source}`)?.at(-1))}
        </span>
      ),
    },
    {
      name: "age",
      head: "Last tick",
      right: true,
      width: "minmax(0,0.8fr)",
      cell: (one) => (
        <span className="live tabular">
          {one.last_tick_at === null ? "never" : ago(worldNow - Date.parse(one.last_tick_at))}
        </span>
      ),
    },
    {
      name: "quoting",
      head: "Quotes count",
      right: true,
      wide: true,
      width: "minmax(0,0.9fr)",
      cell: (one) => (
        <span className="tabular">
          {one.quoting} of {one.symbols}
        </span>
      ),
    },
    {
      name: "left",
      head: "Left out",
      right: true,
      wide: true,
      width: "minmax(0,0.7fr)",
      cell: (one) => <span className="tabular">{left(one).toLocaleString("en-US")}</span>,
    },
  ];
  const reasons = data?.sources.filter((one) => one.left_out.length > 0) ?? [];
  return (
    <Card title="Sources" flush>
      {data === undefined ? (
        <Waiting className="mx-4 mb-4 h-24" />
      ) : data.sources.length === 0 ? (
        <Empty title="Nobody has said a price yet">
          Start with the built-in market, follow a feed, or send ticks to the webhook: each source
          stands here from its first tick.
        </Empty>
      ) : (
        <>
          <Table
            label="Sources"
            columns={columns}
            rows={data.sources}
            rowKey={(one) => one.source}
            {...(data.sources.length > 8 && { height: "28rem" })}
          />
          {reasons.length > 0 && (
            <details className="border-line border-t">
              <summary className="flex min-h-11 cursor-pointer items-center px-4 font-medium text-soft hover:text-ink">
                What was left out, and why
              </summary>
              <ul className="px-4 pb-3">
                {reasons.flatMap((one) =>
                  one.left_out.map(({ reason, count }) => (
                    <li key={`${one.source} ${reason}`} className="flex gap-3 py-1">
                      <span className="tabular w-14 shrink-0 text-right">
                        {count.toLocaleString("en-US")}
                      </span>
                      <span className="min-w-0">
                        <span className="font-medium">{one.source}</span>{" "}
                        <span className="text-soft">{leftOutWords(reason)}</span>
                      </span>
                    </li>
                  )),
                )}
              </ul>
            </details>
          )}
        </>
      )}
    </Card>
  );
}
