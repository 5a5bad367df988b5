/** Every order: those that work, live, and those that have ended. */
import { Link } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { told } from "@/api/problem";
import { csv, save } from "@/lib/csv";
import { number } from "@/lib/format";
import { known } from "@/lib/loadable";
import type { Order } from "@/state/folds";
import { useOpenOrders } from "@/state/live";
import { say } from "@/state/notices";
import { openTicket } from "@/state/ticket";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Tabs } from "@/ui/choice";
import { useMedia } from "@/ui/media";
import { Notice } from "@/ui/notice";
import { CSV_HEAD, csvRow, isFiltered, type Tab } from "./blotter";
import { CancelAll } from "./cancel";
import { useWanted, type Wanted } from "./filters";
import { Cards, Rows } from "./list";
import { ReplaceDialog } from "./replace";
import { Clear, Toolbar } from "./toolbar";
import { type Blotter, ORDERS_MAX, useBlotter } from "./use_blotter";

const EMPTY: Readonly<Record<Tab, { title: string; words: string }>> = {
  open: {
    title: "No open orders",
    words: "A limit or stop order waits here until its price comes, or until you cancel it.",
  },
  filled: {
    title: "Nothing filled yet",
    words: "Every filled order stays here, and says which quote it saw and why it was filled.",
  },
  ended: {
    title: "No order has ended unfilled",
    words: "Orders that were canceled, expired, replaced or rejected stay here with the reason.",
  },
  all: {
    title: "No orders yet",
    words: "Whatever you place stays here for good, with everything that happened to it.",
  },
};

export default function Orders() {
  const [wanted, change] = useWanted();
  const [exporting, setExporting] = useState(false);
  const [replaced, setReplaced] = useState<Order | null>(null);
  const hasColumns = useMedia("(min-width: 75rem)");
  const blotter = useBlotter(wanted, exporting);
  const open = known(useOpenOrders());
  useExport(
    blotter,
    wanted,
    exporting,
    useCallback(() => setExporting(false), []),
  );
  const cancelable = (open ?? []).filter(
    (one) => wanted.symbol === "" || one.symbol === wanted.symbol,
  );
  const tabs = [
    { value: "open", label: open?.length ? `Open ${number(`${open.length}`)}` : "Open" },
    { value: "filled", label: "Filled" },
    { value: "ended", label: "Canceled" },
    { value: "all", label: "All" },
  ] as const;
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h1 className="font-semibold text-xl tracking-tight">Orders</h1>
        <div className="flex items-center gap-2">
          <Link
            to="/activity"
            className="inline-flex min-h-11 items-center rounded-lg px-2.5 font-medium text-soft hover:text-ink lg:hidden"
          >
            Activity
          </Link>
          <Button
            size="small"
            className="max-lg:min-h-11"
            busy={exporting}
            title={`The newest ${number(`${ORDERS_MAX}`)} that match, as they are filtered here`}
            onClick={() => setExporting(true)}
          >
            {exporting ? `Collecting ${number(`${blotter.orders.length}`)}…` : "Export CSV"}
          </Button>
          {wanted.tab === "open" && <CancelAll symbol={wanted.symbol} orders={cancelable} />}
        </div>
      </header>
      <Card flush>
        <Tabs
          label="Which orders"
          options={tabs}
          value={wanted.tab}
          onChange={(tab) => change({ tab })}
        >
          <Toolbar wanted={wanted} change={change} sorts={!hasColumns} />
          <Found
            blotter={blotter}
            wanted={wanted}
            change={change}
            hasColumns={hasColumns}
            onReplace={setReplaced}
          />
        </Tabs>
      </Card>
      {replaced && (
        <ReplaceDialog key={replaced.id} order={replaced} onClose={() => setReplaced(null)} />
      )}
    </div>
  );
}

/** Hands the file over once all of it has come. */
function useExport(blotter: Blotter, wanted: Wanted, exporting: boolean, end: () => void): void {
  const { orders, lines, more, error } = blotter;
  useEffect(() => {
    if (!exporting) return;
    if (error) {
      const { wrong, right } = told(error);
      say("wrong", `Not exported: ${wrong}`, right);
      end();
    } else if (lines !== undefined && !more) {
      const day = new Date().toISOString().slice(0, 10);
      save(`orders-${wanted.tab}-${day}.csv`, csv(CSV_HEAD, orders.map(csvRow)));
      say("well", `${number(`${orders.length}`)} orders exported`);
      end();
    }
  }, [exporting, orders, lines, more, error, wanted.tab, end]);
}

function Found({
  blotter,
  wanted,
  change,
  hasColumns,
  onReplace,
}: {
  blotter: Blotter;
  wanted: Wanted;
  change: (some: Partial<Wanted>) => void;
  hasColumns: boolean;
  onReplace: (order: Order) => void;
}) {
  const { lines, error, loadMore, retry } = blotter;
  const onSort = useCallback((sort: Wanted["sort"]) => change({ sort }), [change]);
  if (error && lines === undefined) return <Failed error={error} retry={retry} />;
  if (lines === undefined) {
    return (
      <div className="space-y-3 p-4">
        {[0, 1, 2, 3, 4].map((one) => (
          <Waiting key={one} className="h-12" />
        ))}
      </div>
    );
  }
  if (lines.length === 0 && !blotter.more) return <Nothing wanted={wanted} change={change} />;
  const props = { lines, sort: wanted.sort, onSort, onReplace, onEnd: loadMore };
  return (
    <>
      {hasColumns ? <Rows {...props} /> : <Cards {...props} />}
      {error ? <Failed error={error} retry={retry} /> : <Foot blotter={blotter} wanted={wanted} />}
    </>
  );
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { wrong, right } = told(error);
  return (
    <div className="p-4">
      <Notice kind="wrong" title={wrong}>
        <p>{right}</p>
        <Button size="small" className="mt-2" onClick={retry}>
          Try again
        </Button>
      </Notice>
    </div>
  );
}

function Nothing({ wanted, change }: { wanted: Wanted; change: (some: Partial<Wanted>) => void }) {
  if (isFiltered(wanted)) {
    return (
      <Empty title="No order matches these filters" action={<Clear change={change} />}>
        Other orders may: choose another symbol, side, type or day.
      </Empty>
    );
  }
  const { title, words } = EMPTY[wanted.tab];
  return (
    <Empty
      title={title}
      action={
        <Button kind="main" onClick={() => openTicket()}>
          New order
        </Button>
      }
    >
      {words}
    </Empty>
  );
}

function Foot({ blotter, wanted }: { blotter: Blotter; wanted: Wanted }) {
  const { orders, more, loading } = blotter;
  const count = number(`${orders.length}`);
  const many = `${count} ${orders.length === 1 ? "order" : "orders"}`;
  return (
    <footer className="flex flex-wrap justify-between gap-x-4 gap-y-1 border-line border-t px-4 py-2.5 text-soft text-xs">
      <span role="status">
        {loading
          ? `${many}, loading more…`
          : more
            ? `The newest ${many}; older ones load as you scroll.`
            : orders.length >= ORDERS_MAX
              ? `The newest ${many}. Choose days to see older ones.`
              : many}
      </span>
      {(wanted.tab === "ended" || wanted.tab === "all") && (
        <Link to="/activity" search={{ kind: "denial" }} className="underline underline-offset-2">
          What was refused at once
        </Link>
      )}
    </footer>
  );
}
