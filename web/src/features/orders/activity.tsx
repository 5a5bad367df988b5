/** What happened to the account, newest first: fills, cash, charges, margin, refusals. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { csv, save } from "@/lib/csv";
import { sign } from "@/lib/decimal";
import {
  day as dayWords,
  moment,
  money,
  number,
  price,
  quantity,
  signedMoney,
  time,
} from "@/lib/format";
import { onAccountFrame } from "@/state/live";
import { say } from "@/state/notices";
import { activityPages, assets } from "@/state/queries";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Field } from "@/ui/field";
import { Icon, type Icons } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";
import { dayBegins } from "./blotter";
import { day, oneOf } from "./filters";
import { feesWords } from "./words";

type Activity = Schemas["Activity"];
const ACTIVITIES_MAX = 10_000;
const KINDS = [
  { value: "", label: "Everything" },
  { value: "fill", label: "Fills and their fees" },
  { value: "transfer", label: "Deposits and withdrawals" },
  { value: "charge", label: "Interest, borrowing, funding" },
  { value: "margin", label: "Margin and settlement" },
  { value: "denial", label: "Refused requests" },
  { value: "reset", label: "Resets" },
] as const;
type Kind = (typeof KINDS)[number]["value"];

interface Wanted {
  readonly kind: Kind;
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
}
const NOTHING: Wanted = { kind: "", symbol: "", from: "", to: "" };

function useWanted(): [Wanted, (some: Partial<Wanted>) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const go = useNavigate();
  const wanted = useMemo(
    () => ({
      kind: oneOf(
        search.kind,
        KINDS.map((one) => one.value),
        "",
      ),
      symbol: typeof search.symbol === "string" ? search.symbol : "",
      from: day(search.from),
      to: day(search.to),
    }),
    [search],
  );
  const change = (some: Partial<Wanted>) => {
    const next = Object.entries({ ...wanted, ...some }).filter(([, value]) => value !== "");
    void go({ to: "/activity", search: Object.fromEntries(next), replace: true });
  };
  return [wanted, change];
}

const REFRESH_MS = 600;

/** What has just happened is asked for soon, and once for many things. */
function useNews(): void {
  const client = useQueryClient();
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const end = onAccountFrame(() => {
      soon ??= setTimeout(() => {
        soon = undefined;
        void client.invalidateQueries({ queryKey: ["activities"] });
      }, REFRESH_MS);
    });
    return () => {
      clearTimeout(soon);
      end();
    };
  }, [client]);
}

function queryOf({ kind, symbol, from, to }: Wanted) {
  const [start, end] = [dayBegins(from), dayBegins(to, 1)];
  return {
    ...(kind !== "" && { kind }),
    ...(symbol !== "" && { symbol }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}

/** What may be chosen: any, what trades here, and what the address names. */
function useSymbols(named: string) {
  const { data } = useQuery(assets);
  const known = new Set([...(data ?? []).map((one) => one.symbol), ...(named ? [named] : [])]);
  return [
    { value: "", label: "Any" },
    ...[...known].sort().map((one) => ({ value: one, label: one })),
  ];
}

export default function Activities() {
  const [wanted, change] = useWanted();
  const [exporting, setExporting] = useState(false);
  useNews();
  const pages = useInfiniteQuery(activityPages(queryOf(wanted)));
  const { data, error, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } =
    pages;
  const all = useMemo(() => data?.pages.flat(), [data]);
  const more = hasNextPage && (all?.length ?? 0) < ACTIVITIES_MAX;
  const loadMore = () => void (more && !isFetchingNextPage && fetchNextPage());
  useEffect(() => {
    if (!exporting || all === undefined) return;
    if (isFetchNextPageError) {
      say("wrong", `Not exported: ${told(error).wrong}`, told(error).right);
      setExporting(false);
    } else if (more) {
      if (!isFetchingNextPage) void fetchNextPage();
    } else {
      save(`activity-${new Date().toISOString().slice(0, 10)}.csv`, csv(HEAD, all.map(row)));
      say("well", `${number(`${all.length}`)} lines exported`);
      setExporting(false);
    }
  }, [exporting, all, more, isFetchingNextPage, isFetchNextPageError, error, fetchNextPage]);
  const symbols = useSymbols(wanted.symbol);
  const filtered =
    wanted.kind !== "" || wanted.symbol !== "" || wanted.from !== "" || wanted.to !== "";
  return (
    <div className="mx-auto max-w-4xl space-y-4 p-3 sm:p-4 lg:p-6">
      <header className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="font-semibold text-xl tracking-tight">Activity</h1>
        <Button
          size="small"
          className="max-lg:min-h-11"
          busy={exporting}
          title={`The newest ${number(`${ACTIVITIES_MAX}`)} that match`}
          onClick={() => setExporting(true)}
        >
          {exporting ? `Collecting ${number(`${all?.length ?? 0}`)}…` : "Export CSV"}
        </Button>
      </header>
      <Card flush>
        <div className="grid grid-cols-2 gap-3 border-line border-b px-4 py-3 sm:grid-cols-[minmax(0,2fr)_1fr_1fr_1fr]">
          <Select
            label="What"
            className="max-sm:col-span-2"
            options={KINDS}
            value={wanted.kind}
            onChange={(kind) => change({ kind })}
          />
          <Select
            label="Symbol"
            className="max-sm:col-span-2"
            options={symbols}
            value={wanted.symbol}
            onChange={(symbol) => change({ symbol })}
          />
          <Field
            label="From"
            type="date"
            value={wanted.from}
            max={wanted.to || undefined}
            onChange={(event) => change({ from: event.target.value })}
          />
          <Field
            label="Until"
            type="date"
            value={wanted.to}
            min={wanted.from || undefined}
            onChange={(event) => change({ to: event.target.value })}
          />
        </div>
        {all === undefined && error === null && (
          <div className="space-y-3 p-4">
            {[0, 1, 2, 3, 4].map((one) => (
              <Waiting key={one} className="h-12" />
            ))}
          </div>
        )}
        {all?.length === 0 && (
          <Empty
            title={filtered ? "Nothing like this happened" : "Nothing has happened yet"}
            action={filtered && <Button onClick={() => change(NOTHING)}>Show everything</Button>}
          >
            Fills, deposits, interest and whatever else moves the account stand here, for good.
          </Empty>
        )}
        {all !== undefined && all.length > 0 && <Days all={all} />}
        {error !== null && (
          <div className="p-4">
            <Notice kind="wrong" title={told(error).wrong}>
              <p>{told(error).right}</p>
              <Button
                size="small"
                className="mt-2"
                onClick={() => void (all === undefined ? pages.refetch() : fetchNextPage())}
              >
                Try again
              </Button>
            </Notice>
          </div>
        )}
        {all !== undefined && error === null && more && <End key={all.length} onSeen={loadMore} />}
      </Card>
    </div>
  );
}

/** Asks for more when the end comes into sight. */
function End({ onSeen }: { onSeen: () => void }) {
  const place = useRef<HTMLParagraphElement>(null);
  const seen = useRef(onSeen);
  seen.current = onSeen;
  useEffect(() => {
    if (place.current === null) return;
    const watch = new IntersectionObserver(
      (entries) => entries.some((one) => one.isIntersecting) && seen.current(),
      { rootMargin: "800px" },
    );
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return (
    <p ref={place} role="status" className="px-4 py-3 text-soft text-xs">
      Loading older ones…
    </p>
  );
}

function Days({ all }: { all: readonly Activity[] }) {
  const days = useMemo(() => {
    const found = new Map<string, Activity[]>();
    for (const one of all) {
      const name = dayWords(one.at);
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
          <Line key={one.id} activity={one} />
        ))}
      </ul>
    </section>
  ));
}

const LOOKS: Readonly<Record<Activity["kind"], { icon: Icons; look: string }>> = {
  fill: { icon: "check", look: "bg-accent-wash text-accent" },
  deposit: { icon: "plus", look: "bg-up-wash text-up" },
  withdrawal: { icon: "minus", look: "bg-sunken text-soft" },
  debit_interest: { icon: "clock", look: "bg-sunken text-soft" },
  borrow_fee: { icon: "clock", look: "bg-sunken text-soft" },
  funding: { icon: "clock", look: "bg-sunken text-soft" },
  reset: { icon: "info", look: "bg-warn-wash text-warn" },
  position_given_up: { icon: "info", look: "bg-warn-wash text-warn" },
  margin_called: { icon: "warn", look: "bg-down-wash text-down" },
  margin_call_met: { icon: "shield", look: "bg-up-wash text-up" },
  liquidation_started: { icon: "warn", look: "bg-down-wash text-down" },
  good_faith_violated: { icon: "warn", look: "bg-warn-wash text-warn" },
  denied: { icon: "close", look: "bg-down-wash text-down" },
};

/** What happened, with numbers and times as they are written here. */
function textOf({ kind, text, side, qty, symbol, price: at }: Activity): string {
  if (kind === "fill" && qty && at) {
    const rest = text.includes(", ") ? text.slice(text.indexOf(", ")) : "";
    return `${side === "buy" ? "Bought" : "Sold"} ${quantity(qty)} ${symbol} at ${price(at)}${rest}`;
  }
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => moment(time))
    .replaceAll(/\d{4,}\.\d+/g, (number) => price(number));
}

function Line({ activity: one }: { activity: Activity }) {
  const { icon, look } = LOOKS[one.kind];
  const fees = one.fees && sign(one.fees) !== 0 ? `fees ${feesWords(one.fees)}` : null;
  const text = textOf(one);
  return (
    <li className="relative flex items-start gap-3 border-line/60 border-b px-4 py-2.5 [contain-intrinsic-size:auto_3.75rem] [content-visibility:auto] last:border-b-0">
      <span
        className={classes(
          "mt-0.5 flex size-8 shrink-0 items-center justify-center rounded-full",
          look,
        )}
      >
        <Icon name={icon} className="size-4" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="text-pretty font-medium">
          {one.order_id ? (
            <Link
              to="/orders/$id"
              params={{ id: one.order_id }}
              className="after:absolute after:inset-0 hover:text-accent"
            >
              {text}
            </Link>
          ) : (
            text
          )}
        </p>
        <p className="tabular text-soft text-xs">
          <time dateTime={one.at}>{time(one.at)}</time>
          {fees && ` · ${fees}`}
        </p>
      </div>
      {one.cash_after && (
        <div className="text-right">
          {one.amount && (
            <span className={classes("tabular font-medium", sign(one.amount) > 0 && "text-up")}>
              {signedMoney(one.amount)}
            </span>
          )}
          <p className="tabular text-soft text-xs">cash {money(one.cash_after)}</p>
        </div>
      )}
    </li>
  );
}

const HEAD = [
  "id",
  "at",
  "kind",
  "text",
  "symbol",
  "order_id",
  "side",
  "qty",
  "price",
  "fees",
  "amount",
  "cash_after",
] as const satisfies readonly (keyof Activity)[];

const row = (one: Activity) => HEAD.map((name) => one[name] ?? null);
