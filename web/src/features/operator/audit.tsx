/** Who did what: the whole audit log, searched by administrators. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { told } from "@/api/problem";
import { moment } from "@/lib/format";
import {
  type AuditEntry,
  type AuditQuery,
  actorParts,
  dayEdge,
  inWords,
  refusal,
  wholeAudit,
} from "@/state/audit";
import { useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Field } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { SignedDays } from "./audit_days";
import { Tabs } from "./frame";

const FIELDS = [
  { name: "kind", label: "Kind", hint: "session, order, money.deposit" },
  { name: "actor", label: "Actor", hint: "user:…, key:…, anyone" },
  { name: "user_id", label: "In whose history", hint: "a user’s id" },
  { name: "subject", label: "Done to", hint: "an order, a key, an e-mail address" },
  { name: "request_id", label: "Request", hint: "its X-Request-ID" },
  { name: "from", label: "From", hint: "" },
  { name: "to", label: "Until", hint: "" },
] as const;
type Name = (typeof FIELDS)[number]["name"];
type Wanted = Readonly<Record<Name, string>>;
const NOTHING: Wanted = {
  kind: "",
  actor: "",
  user_id: "",
  subject: "",
  request_id: "",
  from: "",
  to: "",
};

/** What is looked for stands in the address, so that it can be sent to somebody. */
function useWanted(): [Wanted, (wanted: Wanted) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const go = useNavigate();
  const wanted = useMemo(() => {
    const said = FIELDS.map(({ name }) => [name, search[name]] as const);
    const texts = said.filter(
      ([, value]) => typeof value === "string" || typeof value === "number",
    );
    return { ...NOTHING, ...Object.fromEntries(texts.map(([name, value]) => [name, `${value}`])) };
  }, [search]);
  const look = (next: Wanted) => {
    const kept = Object.entries(next).filter(([, value]) => value !== "");
    void go({ to: "/operator/audit", search: Object.fromEntries(kept) });
  };
  return [wanted, look];
}

function queryOf({ from, to, ...texts }: Wanted): AuditQuery {
  const [start, end] = [dayEdge(from), dayEdge(to, 1)];
  const said = Object.entries(texts).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(said), ...(start && { start }), ...(end && { end }) };
}

export default function Audit() {
  const user = useSession((session) => session.user);
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <Tabs />
      <header>
        <h1 className="font-semibold text-xl tracking-tight">Audit log</h1>
        <p className="max-w-prose text-pretty text-soft">
          Who did what, from where, and what it changed. Only ever added to, chained and sealed:{" "}
          <code className="text-xs">stockyard audit verify</code> shows that nobody changed it.
        </p>
      </header>
      {user !== null && user.role !== "admin" ? (
        <Notice kind="warn" title="For administrators">
          Only an administrator reads what everybody did. Your own history is under Account.
        </Notice>
      ) : (
        user !== null && (
          <>
            <Log />
            <SignedDays />
          </>
        )
      )}
    </div>
  );
}

function Log() {
  const [wanted, look] = useWanted();
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    wholeAudit(queryOf(wanted)),
  );
  const all = data?.pages.flat();
  return (
    <>
      <Search key={JSON.stringify(wanted)} wanted={wanted} onLook={look} />
      <Card flush>
        {all === undefined && error === null && <Waiting className="m-4 h-64" />}
        {all?.length === 0 && (
          <Empty title="Nothing like this is on record">Look for less, or for other days.</Empty>
        )}
        {all !== undefined && all.length > 0 && (
          <ol aria-label="Entries, newest first">
            {all.map((one) => (
              <Entry
                key={one.number}
                entry={one}
                onLook={(some) => look({ ...NOTHING, ...some })}
              />
            ))}
          </ol>
        )}
        {error !== null && (
          <div className="p-4">
            <Notice kind="wrong" title={told(error).wrong}>
              {told(error).right}
            </Notice>
          </div>
        )}
        {hasNextPage && (
          <div className="px-2 py-1">
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
    </>
  );
}

function Search({ wanted, onLook }: { wanted: Wanted; onLook: (wanted: Wanted) => void }) {
  const [typed, setTyped] = useState(wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLook(typed);
  };
  return (
    <Card>
      <form onSubmit={submit} aria-label="Search the audit log">
        <div className="grid grid-cols-2 gap-3 md:grid-cols-4">
          {FIELDS.map(({ name, label, hint }) => (
            <Field
              key={name}
              label={label}
              placeholder={hint}
              type={name === "from" || name === "to" ? "date" : "search"}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              maxLength={254}
              value={typed[name]}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value.trim() })}
            />
          ))}
          <div className="flex items-end gap-2 max-md:col-span-2">
            <Button kind="main" type="submit">
              Search
            </Button>
            <Button kind="quiet" onClick={() => onLook(NOTHING)}>
              Clear
            </Button>
          </div>
        </div>
      </form>
    </Card>
  );
}

type Look = (some: Partial<Wanted>) => void;

function Entry({ entry, onLook }: { entry: AuditEntry; onLook: Look }) {
  const refused = refusal(entry);
  const actor = actorParts(entry.actor);
  return (
    <li className="border-line/60 border-b [contain-intrinsic-size:auto_3.5rem] [content-visibility:auto] last:border-b-0">
      <details className="group">
        <summary className="flex cursor-pointer list-none items-start gap-3 px-4 py-2.5 hover:bg-sunken focus-visible:-outline-offset-2">
          <Icon
            name="chevron"
            className="mt-1 size-4 shrink-0 text-soft transition-transform group-open:rotate-90"
          />
          <span className="min-w-0 flex-1">
            <span className="block break-words font-medium">
              {inWords(entry)}
              {refused && <span className="font-normal text-warn"> · refused: {refused}</span>}
            </span>
            <span className="block break-words text-soft text-xs">
              <span className="tabular">{moment(entry.at)}</span>
              {` · ${entry.kind} · ${actor.kind}`}
              {actor.id && ` ${actor.id}`}
              {entry.address && ` · from ${entry.address}`}
            </span>
          </span>
          <span className="tabular text-soft text-xs">{entry.number}</span>
        </summary>
        <Whole entry={entry} onLook={onLook} />
      </details>
    </li>
  );
}

/** Everything an entry says; what else there is of the same can be looked for. */
function Whole({ entry, onLook }: { entry: AuditEntry; onLook: Look }) {
  const rows: readonly [string, string | null, Partial<Wanted> | null][] = [
    ["At", entry.at, null],
    ["Kind", entry.kind, { kind: entry.kind }],
    ["Actor", entry.actor, { actor: entry.actor }],
    ["In whose history", entry.user_id, { user_id: entry.user_id ?? "" }],
    ["Account", entry.account_id, null],
    ["Done to", entry.subject, { subject: entry.subject ?? "" }],
    ["Request", entry.request_id, { request_id: entry.request_id ?? "" }],
    ["Idempotency key", entry.idempotency_key, null],
    ["Address", entry.address, null],
    ["Program", entry.user_agent, null],
    ["Journal’s record", entry.seq === null ? null : `${entry.seq}`, null],
  ];
  return (
    <div className="space-y-3 px-4 pb-4 sm:pl-11">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-[0.8125rem]">
        {rows.map(
          ([name, value, same]) =>
            value && (
              <div key={name} className="contents">
                <dt className="text-soft">{name}</dt>
                <dd className="break-all">
                  {same ? (
                    <button
                      type="button"
                      className="text-left text-accent hover:underline"
                      onClick={() => onLook(same)}
                    >
                      {value}
                    </button>
                  ) : (
                    value
                  )}
                </dd>
              </div>
            ),
        )}
      </dl>
      {entry.before != null && <Value name="Before" value={entry.before} />}
      {entry.after != null && <Value name="After" value={entry.after} />}
    </div>
  );
}

function Value({ name, value }: { name: string; value: unknown }) {
  return (
    <figure>
      <figcaption className="mb-1 text-soft text-xs">{name}</figcaption>
      <pre className="whitespace-pre-wrap break-words rounded-lg bg-sunken p-3 text-xs">
        {JSON.stringify(value, null, 2)}
      </pre>
    </figure>
  );
}
