/** Home: what the account is worth. */
import { useQuery } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { money, percent, signedMoney } from "@/lib/format";
import { portfolio } from "@/state/queries";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Change } from "@/ui/change";
import { Notice } from "@/ui/notice";

export default function Home() {
  const { data, error, refetch } = useQuery({ ...portfolio, refetchInterval: 5_000 });
  return (
    <div className="mx-auto max-w-6xl space-y-4 p-4 lg:p-6">
      <h1 className="sr-only">Home</h1>
      {error && (
        <Notice kind="wrong" title={told(error).wrong}>
          {told(error).right}
          <Button size="small" className="mt-2" onClick={() => refetch()}>
            Try again
          </Button>
        </Notice>
      )}
      <section aria-label="Equity" className="px-1 py-2">
        <p className="text-soft">Equity</p>
        {data ? (
          <>
            <p className="tabular font-semibold text-4xl tracking-tight">{money(data.equity)}</p>
            <Change value={data.total_pl} className="mt-1">
              {signedMoney(data.total_pl)}
              {data.total_pl_percent !== null && ` (${percent(data.total_pl_percent)})`} in total
            </Change>
          </>
        ) : (
          <>
            <Waiting className="mt-1 h-9 w-56" />
            <Waiting className="mt-2 h-5 w-40" />
          </>
        )}
      </section>
      <Card title="Positions" flush>
        <Empty title="Nothing held yet">What you buy stands here, with what it is worth now.</Empty>
      </Card>
    </div>
  );
}
