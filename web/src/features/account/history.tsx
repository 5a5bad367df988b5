/** What happened with one's own accounts: sign-ins, orders, money, settings, and from where. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { told } from "@/api/problem";
import { day, time } from "@/lib/format";
import { type AuditEntry, dayEdge, inWords, ownAudit, program, refusal } from "@/state/audit";
import { useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Field } from "@/ui/field";
import { Icon, type Icons } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";

const KINDS = [
  { value: "", label: "Everything" },
  { value: "session", label: "Sign-ins" },
  { value: "order", label: "Orders and fills" },
  { value: "money", label: "Deposits and withdrawals" },
  { value: "account", label: "Account settings" },
  { value: "api_key", label: "API keys" },
  { value: "watchlist", label: "Watchlists" },
] as const;
type Kind = (typeof KINDS)[number]["value"];

const LOOKS: Readonly<Record<string, Icons>> = {
  session: "person",
  user: "person",
  order: "list",
  position: "layers",
  money: "plus",
  account: "gear",
  api_key: "shield",
  watchlist: "star",
};

export default function History() {
  const isAdmin = useSession((session) => session.user?.role === "admin");
  const [kind, setKind] = useState<Kind>("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [start, end] = [dayEdge(from), dayEdge(to, 1)];
  const query = { ...(kind && { kind }), ...(start && { start }), ...(end && { end }) };
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery(
    ownAudit(query),
  );
  const all = useMemo(() => data?.pages.flat(), [data]);
  return (
    <div className="mx-auto max-w-4xl space-y-4 p-3 sm:p-4 lg:p-6">
      <header>
        <Link to="/account" className="text-[0.8125rem] text-accent hover:underline">
          Account
        </Link>
        <h1 className="font-semibold text-xl tracking-tight">What happened with your account</h1>
        <p className="max-w-prose text-pretty text-soft">
          Every sign-in, order, payment and setting, and where it came from. If something here was
          not you, change your password and revoke your keys.
        </p>
        {isAdmin && (
          <Link to="/operator/audit" className="text-accent hover:underline">
            What everybody did
          </Link>
        )}
      </header>
      <Card flush>
        <div className="grid grid-cols-2 gap-3 border-line border-b px-4 py-3 sm:grid-cols-[minmax(0,2fr)_1fr_1fr]">
          <Select
            label="What"
            className="max-sm:col-span-2"
            options={KINDS}
            value={kind}
            onChange={setKind}
          />
          <Field
            label="From"
            type="date"
            value={from}
            max={to || undefined}
            onChange={(event) => setFrom(event.target.value)}
          />
          <Field
            label="Until"
            type="date"
            value={to}
            min={from || undefined}
            onChange={(event) => setTo(event.target.value)}
          />
        </div>
        {all === undefined && error === null && <Waiting className="m-4 h-64" />}
        {all?.length === 0 && (
          <Empty title="Nothing like this happened">Choose another kind, or other days.</Empty>
        )}
        {all !== undefined && all.length > 0 && <Days all={all} />}
        {error !== null && (
          <div className="p-4">
            <Notice kind="wrong" title={told(error).wrong}>
              <p>{told(error).right}</p>
              <Button size="small" className="mt-2" onClick={() => void refetch()}>
                Try again
              </Button>
            </Notice>
          </div>
        )}
        {hasNextPage && (
          <div className="border-line/60 border-t px-2 py-1">
            <Button
              kind="quiet"
              size="small"
              busy={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              Show older
            </Button>
          </div>
        )}
      </Card>
    </div>
  );
}

function Days({ all }: { all: readonly AuditEntry[] }) {
  const days = useMemo(() => {
    const found = new Map<string, AuditEntry[]>();
    for (const one of all) {
      const name = day(one.at);
      const some = found.get(name);
      if (some === undefined) found.set(name, [one]);
      else some.push(one);
    }
    return [...found];
  }, [all]);
  return days.map(([name, some]) => (
    <section key={name} aria-label={name}>
      <h2 className="border-line/60 border-b bg-sunken px-4 py-1.5 font-medium text-soft text-xs">
        {name}
      </h2>
      <ul>
        {some.map((one) => (
          <Line key={one.number} entry={one} />
        ))}
      </ul>
    </section>
  ));
}

/** Who did it, where that was not the person in a browser. */
function by({ actor }: AuditEntry): string {
  if (actor === "operator") return "by an operator";
  if (actor.startsWith("key:")) return `by key ${actor.slice(4)}`;
  if (actor.startsWith("system:")) return "by Stockyard itself";
  return actor === "anyone" ? "not signed in" : "";
}

function Line({ entry }: { entry: AuditEntry }) {
  const refused = refusal(entry);
  const bad = refused !== "" || entry.kind === "session.refused";
  const icon = bad ? "warn" : (LOOKS[entry.kind.split(".")[0] ?? ""] ?? "info");
  const where = [
    by(entry),
    entry.address && `from ${entry.address}`,
    program(entry.user_agent ?? ""),
  ];
  return (
    <li className="flex items-start gap-3 border-line/60 border-b px-4 py-2.5 [contain-intrinsic-size:auto_3.75rem] [content-visibility:auto] last:border-b-0">
      <span
        className={classes(
          "mt-0.5 flex size-8 shrink-0 items-center justify-center rounded-full",
          bad ? "bg-warn-wash text-warn" : "bg-sunken text-soft",
        )}
      >
        <Icon name={icon} className="size-4" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="break-words font-medium">
          {entry.kind === "order.place" && entry.subject && !refused ? (
            <Link
              to="/orders/$id"
              params={{ id: entry.subject }}
              className="hover:text-accent hover:underline"
            >
              {inWords(entry)}
            </Link>
          ) : (
            inWords(entry)
          )}
          {refused && <span className="font-normal text-warn"> · refused: {refused}</span>}
        </p>
        <p className="break-words text-soft text-xs">
          <time dateTime={entry.at} className="tabular">
            {time(entry.at)}
          </time>
          {where.filter(Boolean).map((part) => ` · ${part}`)}
        </p>
      </div>
    </li>
  );
}
