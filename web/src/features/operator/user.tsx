/** One user: who they are, what they may do, what they did on a day. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { moment, money } from "@/lib/format";
import { useSession } from "@/state/session";
import { Card, Empty, Waiting } from "@/ui/card";
import { type Detail, user } from "./asked";
import { Day } from "./day";
import { Operator } from "./frame";
import { Limits } from "./limits";
import { Marks } from "./marks";
import { Money } from "./money";
import { Standing } from "./standing";

export default function UserScreen() {
  return (
    <Operator>
      <One />
    </Operator>
  );
}

function One() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const { data, error } = useQuery(user(id));
  return (
    <>
      <Link
        to="/operator"
        className="inline-flex min-h-11 items-center font-medium text-accent underline underline-offset-4"
      >
        All users
      </Link>
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="h-72" />
      ) : (
        <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_24rem]">
          <div className="min-w-0 space-y-4">
            <Head detail={data} />
            <Day key={`day ${id}`} detail={data} />
          </div>
          <div className="min-w-0 space-y-4">
            <Standing key={`standing ${id}`} detail={data} />
            <Limits key={`limits ${id} ${JSON.stringify(data.limits)}`} detail={data} />
            <Money key={`money ${id}`} detail={data} />
          </div>
        </div>
      )}
    </>
  );
}

function Head({ detail }: { detail: Detail }) {
  const own = useSession((session) => session.user?.id);
  const { user: one } = detail;
  const facts = [
    ["Role", one.role],
    ["Since", moment(one.created_at)],
    ["Equity", money(one.equity)],
    ["Sign-ins", String(detail.sessions)],
    ["API keys", String(detail.api_keys)],
    ["Open streams", String(one.streams)],
  ];
  return (
    <Card>
      <h2 className="flex flex-wrap items-center gap-2">
        <span className="font-semibold text-lg">{one.name}</span>
        <Marks user={one} />
        {own === one.id && <span className="text-soft">that is you</span>}
      </h2>
      <p className="break-all text-soft">{one.email}</p>
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-soft text-xs">{name}</dt>
            <dd className="font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <ul className="mt-4 border-line/60 border-t">
        {detail.accounts.map((account) => (
          <li
            key={account.id}
            className="flex items-baseline justify-between gap-3 border-line/60 border-b py-2 last:border-b-0"
          >
            <span className="min-w-0 truncate">
              <span className="font-medium">{account.name}</span>{" "}
              <span className="text-soft">
                {account.kind} · {account.profile.replaceAll("_", " ")}
              </span>
            </span>
            <span className="tabular-nums">{money(account.equity)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
