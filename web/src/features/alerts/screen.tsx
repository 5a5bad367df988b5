/** Alerts: those that wait, those that are over, and everything that ever fired. */
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { told } from "@/api/problem";
import { when } from "@/lib/format";
import {
  type Alert,
  alertHistory,
  alertSettings,
  alerts,
  alertsChanged,
  armAlert,
  deleteAlert,
  type Firing,
  mailAlerts,
  switchOff,
} from "@/state/alerts";
import { say } from "@/state/notices";
import { assets, queryClient } from "@/state/queries";
import { Button, IconButton } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Tabs } from "@/ui/choice";
import { classes } from "@/ui/classes";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Toggle } from "@/ui/toggle";
import { Form } from "./form";
import { about, waitsFor } from "./words";

type Shown = "armed" | "over" | "history";
const TABS = [
  { value: "armed", label: "Armed" },
  { value: "over", label: "Fired or off" },
  { value: "history", label: "History" },
] as const;

export default function Alerts() {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const go = useNavigate();
  const [shown, setShown] = useState<Shown>("armed");
  const [making, setMaking] = useState(typeof search.new === "string");
  const { data: all } = useQuery(assets);
  const symbol = typeof search.new === "string" ? search.new : (all?.[0]?.symbol ?? "AAPL");
  const close = () => {
    setMaking(false);
    // Who comes back to this page, or loads it again, is not asked again.
    if (search.new !== undefined) void go({ to: "/alerts", search: {}, replace: true });
  };
  return (
    <div className="mx-auto max-w-4xl space-y-4 p-3 sm:p-4 lg:p-6">
      <div className="flex items-center justify-between gap-3">
        <h1 className="font-semibold text-xl">Alerts</h1>
        <Button kind="main" onClick={() => setMaking(true)}>
          <Icon name="plus" className="size-4" />
          New alert
        </Button>
      </div>
      <section className="overflow-hidden rounded-xl border border-line bg-surface">
        <Tabs label="Alerts" options={TABS} value={shown} onChange={setShown}>
          {shown === "history" ? <History /> : <Listed over={shown === "over"} />}
        </Tabs>
      </section>
      <Mail />
      <Dialog open={making} onClose={close} title="New alert">
        <Form
          symbol={symbol}
          onDone={() => {
            close();
            setShown("armed");
          }}
        />
      </Dialog>
    </div>
  );
}

const WORDS = {
  armed: {
    title: "No alert is armed",
    words: "An alert tells you once when a price, a move, a profit or a volume is reached.",
  },
  over: {
    title: "Nothing here yet",
    words: "An alert that has fired waits here until it is armed again or deleted.",
  },
} as const;

function Failed({ error }: { error: unknown }) {
  return <Empty title={told(error).wrong}>{told(error).right}</Empty>;
}

function Listed({ over }: { over: boolean }) {
  const { data, error } = useQuery(alerts);
  if (data === undefined) return error ? <Failed error={error} /> : <Rows />;
  const listed = data.filter((one) => (one.status !== "armed") === over);
  const empty = WORDS[over ? "over" : "armed"];
  if (listed.length === 0) return <Empty title={empty.title}>{empty.words}</Empty>;
  return (
    <ul aria-label={over ? "Fired or off" : "Armed"}>
      {listed.map((one) => (
        <One key={one.id} one={one} />
      ))}
    </ul>
  );
}

function Rows() {
  return (
    <div className="space-y-3 p-4">
      {[0, 1, 2].map((one) => (
        <Waiting key={one} className="h-10" />
      ))}
    </div>
  );
}

const ROW =
  "flex items-center justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0";

function One({ one }: { one: Alert }) {
  const done = {
    onSuccess: () => alertsChanged(),
    onError: (error: unknown) => say("wrong", told(error).wrong, told(error).right),
  };
  const arming = useMutation({ mutationFn: () => armAlert(one.id), ...done });
  const off = useMutation({ mutationFn: () => switchOff(one.id), ...done });
  const deleting = useMutation({ mutationFn: () => deleteAlert(one.id), ...done });
  const armed = one.status === "armed";
  const name = `${about(one)}: ${waitsFor(one)}`;
  return (
    <li className={ROW}>
      <div className="min-w-0">
        <p className="font-medium">
          <Subject symbol={one.symbol} />
          <span className="ml-2 font-normal">{waitsFor(one)}</span>
        </p>
        <p className="text-soft text-xs">
          {armed
            ? `armed ${when(one.armed_at)}`
            : one.status === "fired"
              ? `fired ${when(one.fired_at)}`
              : "switched off"}
          {one.email ? " · by mail too" : ""}
          {one.note ? ` · ${one.note}` : ""}
        </p>
      </div>
      <div className="flex shrink-0 items-center gap-1">
        <Button
          size="small"
          className="max-sm:min-h-11"
          aria-label={`${armed ? "Switch off" : "Arm again"}: ${name}`}
          busy={arming.isPending || off.isPending}
          onClick={() => (armed ? off.mutate() : arming.mutate())}
        >
          {armed ? "Off" : "Arm"}
        </Button>
        <IconButton
          label={`Delete: ${name}`}
          className="max-sm:size-11"
          onClick={() => deleting.mutate()}
        >
          <Icon name="close" className="size-4" />
        </IconButton>
      </div>
    </li>
  );
}

function Subject({ symbol }: { symbol: string | null }) {
  if (symbol === null) return <>Account</>;
  return (
    <Link to="/symbols/$" params={{ _splat: symbol }} className="hover:text-accent">
      {symbol}
    </Link>
  );
}

function History() {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(alertHistory);
  if (data === undefined) return error ? <Failed error={error} /> : <Rows />;
  const items = data.pages.flatMap((page) => page.items);
  if (items.length === 0) {
    return <Empty title="Nothing has fired yet">Every firing stays here, once each.</Empty>;
  }
  return (
    <>
      <ul aria-label="History">
        {items.map((one) => (
          <Told key={one.id} one={one} />
        ))}
      </ul>
      {hasNextPage && (
        <div className="p-2 text-center">
          <Button kind="quiet" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
    </>
  );
}

function Told({ one }: { one: Firing }) {
  return (
    <li className={classes(ROW, "items-baseline")}>
      <div className="min-w-0">
        <p className="font-medium">{one.title}</p>
        <p className="text-soft text-xs">{one.text}</p>
      </div>
      <time dateTime={one.at} className="shrink-0 whitespace-nowrap text-soft text-xs">
        {when(one.at)}
      </time>
    </li>
  );
}

function Mail() {
  const { data } = useQuery(alertSettings);
  const changing = useMutation({
    mutationFn: mailAlerts,
    onSuccess: (now) => queryClient.setQueryData(alertSettings.queryKey, now),
    onError: (error) => say("wrong", told(error).wrong, told(error).right),
  });
  if (data === undefined) return null;
  return (
    <Card>
      <Toggle
        label="Mail of alerts"
        hint="Off: no alert of any account is told by mail, whatever it says itself."
        on={changing.isPending ? Boolean(changing.variables) : data.email}
        onChange={(email) => changing.mutate(email)}
      />
    </Card>
  );
}
