/**
 * Where the order ticket stands: beside a symbol's screen where there is room, else in a sheet over
 * whichever screen is open; under the thumb on a phone. What is in it is features/ticket.
 */
import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { later } from "@/lib/later";
import { closeTicket, openTicket, useTicket } from "@/state/ticket";
import { Button } from "@/ui/button";

const Panel = lazy(() => later(() => import("@/features/ticket/panel")));
const ROOM = "(min-width: 80rem)";
const SYMBOLS = "/symbols/";
const ON_THE_WAY_MS = 500;

function useRoom(): boolean {
  return useSyncExternalStore(
    (told) => {
      const query = matchMedia(ROOM);
      query.addEventListener("change", told);
      return () => query.removeEventListener("change", told);
    },
    () => matchMedia(ROOM).matches,
  );
}

export interface TicketPlace {
  /** The symbol that is looked at. */
  readonly symbol: string | undefined;
  readonly docked: boolean;
}

export function useTicketPlace(): TicketPlace {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const room = useRoom();
  const symbol = path.startsWith(SYMBOLS) ? decoded(path.slice(SYMBOLS.length)) : undefined;
  const other = useTicket(({ open, draft }) => open && draft.symbol && draft.symbol !== symbol);
  return { symbol, docked: room && symbol !== undefined && !other };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function DockedTicket({ symbol }: { symbol: string | undefined }) {
  return (
    <aside
      aria-label="Order ticket"
      className="sticky top-0 hidden h-dvh flex-col border-line border-l bg-surface xl:flex"
    >
      <Suspense>
        <Panel symbol={symbol} onClose={null} />
      </Suspense>
    </aside>
  );
}

/** Buy and Sell at the bottom of a symbol's screen, and the sheet that they open. */
export function FloatingTicket({ symbol, docked }: TicketPlace) {
  const open = useTicket((ticket) => ticket.open);
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <>
      {symbol !== undefined && !docked && (
        <section
          aria-label={`Trade ${symbol}`}
          className="fixed inset-x-0 bottom-[calc(4rem+env(safe-area-inset-bottom))] z-20 grid grid-cols-2 gap-2 border-line border-t bg-surface px-3 py-2 lg:bottom-0 lg:left-[13.5rem] lg:flex lg:justify-end lg:px-6"
        >
          <Button
            size="large"
            kind="buy"
            className="lg:w-44"
            onClick={() => openTicket({ side: "buy" })}
          >
            Buy
          </Button>
          <Button
            size="large"
            kind="sell"
            className="lg:w-44"
            onClick={() => openTicket({ side: "sell" })}
          >
            Sell
          </Button>
        </section>
      )}
      {open && !docked && <Sheet path={path} symbol={symbol} />}
    </>
  );
}

function Sheet({ symbol, path }: { symbol: string | undefined; path: string }) {
  const place = useRef<HTMLDialogElement>(null);
  const opened = useRef({ path, at: Date.now() });
  useEffect(() => {
    const { path: before, at } = opened.current;
    opened.current = { path, at };
    // Whoever goes back leaves the ticket too; whoever opens it on the way to a symbol does not.
    if (path !== before && Date.now() - at > ON_THE_WAY_MS) closeTicket();
  }, [path]);
  useEffect(() => {
    const before = document.activeElement;
    const dialog = place.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key, and the browser's
    <dialog
      ref={place}
      aria-label="Order ticket"
      onCancel={(event) => {
        event.preventDefault();
        closeTicket();
      }}
      onClick={(event) => event.target === place.current && closeTicket()}
      className="appear m-0 mt-auto h-[92dvh] max-h-none w-full max-w-none flex-col overflow-hidden rounded-t-2xl border border-line bg-raised pb-[env(safe-area-inset-bottom)] shadow-float backdrop:bg-[#000]/45 open:flex sm:mt-0 sm:ml-auto sm:h-dvh sm:w-96 sm:rounded-none sm:rounded-l-2xl"
    >
      <Suspense>
        <Panel symbol={symbol} onClose={closeTicket} />
      </Suspense>
    </dialog>
  );
}
