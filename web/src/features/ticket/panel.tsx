/** The order ticket: one form for every order that there is, drawn from the server's own table. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { told } from "@/api/problem";
import { price } from "@/lib/format";
import { known } from "@/lib/loadable";
import { useAccount, usePositions } from "@/state/live";
import { assets, orderTypes } from "@/state/queries";
import { isPending, useSubmission } from "@/state/submit";
import { closeTicket, useTicket } from "@/state/ticket";
import { useQuote } from "@/state/ticks";
import { Button, IconButton } from "@/ui/button";
import { Empty, Waiting } from "@/ui/card";
import { Icon } from "@/ui/icon";
import { Moving } from "@/ui/moving";
import { Filling } from "./filling";
import { Done } from "./outcome";
import { sending, startWith, useFilled, watched } from "./store";
import { SymbolField } from "./symbol_field";

/** `symbol`: the one that is looked at. */
export default function TicketPanel({
  symbol,
  onClose,
}: {
  symbol: string | undefined;
  /** Null where it stands beside the screen and stays. */
  onClose: (() => void) | null;
}) {
  const { asked, draft } = useTicket();
  const docked = onClose === null;
  const wanted = draft.symbol ?? symbol;
  const form = useFilled((filled) => filled.form);
  const sent = useFilled((filled) => filled.sent);
  const state = useSubmission(sending);
  const place = useRef<HTMLDivElement>(null);
  const types = useQuery(orderTypes);
  const all = useQuery(assets);
  const asset = all.data?.find((one) => one.symbol === form.symbol);
  const holdings = known(usePositions());
  const held = holdings?.find((one) => one.symbol === form.symbol);
  const account = known(useAccount());

  // What is on its way is not forgotten for another symbol, and its end is shown until it was read.
  const newest = useRef({ wanted, asked, draft });
  newest.current = { wanted, asked, draft };
  useEffect(() => {
    if (isPending(sending.state)) return;
    startWith(wanted ?? "", asked, draft);
    // Beside the screen it is never closed, so that it has been opened counts once.
    if (docked && useTicket.getState().open) closeTicket();
  }, [wanted, asked, draft, docked]);
  useEffect(watched, []);
  useEffect(() => {
    const now = newest.current;
    const free = state.is === "ready" || state.is === "denied";
    if (now.wanted !== undefined && free) startWith(now.wanted, now.asked, now.draft);
  }, [state.is]);

  // Whoever opens it types next; what merely stands beside the screen leaves the focus alone.
  const ready = types.data !== undefined && (asset !== undefined || form.symbol === "");
  const openedHere = useRef(!docked || useTicket.getState().open);
  const focused = useRef("");
  useEffect(() => {
    // In a sheet also whoever has just said what to trade.
    const opening = docked ? `${asked}` : `${asked} ${form.symbol}`;
    if (!ready || focused.current === opening) return;
    const quiet = focused.current === "" && !openedHere.current;
    focused.current = opening;
    if (quiet) return;
    place.current
      ?.querySelector<HTMLElement>("input[inputmode=decimal], input[type=text]")
      ?.focus();
  }, [ready, asked, docked, form.symbol]);

  const failed = types.error ?? all.error;
  return (
    <div ref={place} className="flex min-h-0 flex-1 flex-col bg-inherit">
      <header className="flex min-h-14 items-center gap-3 border-line border-b px-4">
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold text-[0.9375rem]">
            {form.symbol ? `Trade ${form.symbol}` : "Trade"}
          </h2>
          {form.symbol && <Quoted symbol={form.symbol} />}
        </div>
        {form.symbol && wanted === undefined && !isPending(state) && (
          <Button
            size="small"
            kind="quiet"
            className="max-sm:min-h-11"
            onClick={() => startWith("", asked, {})}
          >
            Another symbol
          </Button>
        )}
        {onClose && (
          <IconButton label="Close the ticket" className="-mr-2" onClick={onClose}>
            <Icon name="close" />
          </IconButton>
        )}
      </header>
      <div className="min-h-0 flex-1 scroll-pb-28 overflow-y-auto overscroll-contain bg-inherit p-4">
        {state.is === "done" ? (
          <Done answer={state.answer} sent={sent} onClose={onClose} />
        ) : form.symbol === "" ? (
          <SymbolField assets={all.data} held={holdings} />
        ) : types.data && asset ? (
          <Filling
            types={types.data}
            form={form}
            asset={asset}
            held={held}
            account={account}
            state={state}
          />
        ) : failed || (all.data && !asset) ? (
          <Empty title={failed ? told(failed).wrong : `${form.symbol} is not traded here`}>
            {failed ? told(failed).right : "Markets lists every symbol that is."}
          </Empty>
        ) : (
          <div className="space-y-4">
            <Waiting className="h-11" />
            <Waiting className="h-16" />
            <Waiting className="h-16" />
            <Waiting className="h-28" />
          </div>
        )}
      </div>
    </div>
  );
}

function Quoted({ symbol }: { symbol: string }) {
  const quote = useQuote(symbol);
  return (
    <p className="flex gap-3 text-soft text-xs">
      <span>
        Bid <Moving value={quote?.bid ?? null}>{price(quote?.bid ?? null)}</Moving>
      </span>
      <span>
        Ask <Moving value={quote?.ask ?? null}>{price(quote?.ask ?? null)}</Moving>
      </span>
    </p>
  );
}
