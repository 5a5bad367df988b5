/** The account as it is now: the stream's frames folded, and asked for again where they say too little. */
import { useMemo } from "react";
import { create } from "zustand";
import { api, call } from "@/api/client";
import { known, LOADING, type Loadable, map, ready } from "@/lib/loadable";
import { Connection, type Link, type Socket } from "./connection";
import {
  type Account,
  type Book,
  type Execution,
  type Frame,
  fold,
  fromResync,
  isOpen,
  type Order,
  type Position,
  withSums,
} from "./folds";
import { queryClient } from "./queries";
import { recognize, useSession } from "./session";
import { heardTicks, setSource } from "./ticks";

const RECOGNIZED_MS = 2_000;
const SUMS_AFTER_MS = 120;
const SUMS_EVERY_MS = 15_000;

interface Live {
  readonly link: Link;
  /** When it was last live, while it is not. */
  readonly downSince: number | null;
  readonly book: Loadable<Book>;
}

export const useLive = create<Live>(() => ({ link: "off", downSince: null, book: LOADING }));

/** Called with every private frame that is new; for what is said aloud. */
const hearers = new Set<(frame: Frame, book: Book) => void>();

export function onAccountFrame(hear: (frame: Frame, book: Book) => void): () => void {
  hearers.add(hear);
  return () => hearers.delete(hear);
}

/** Other frames, by type: `trades`, `bars`, `views`, `feeds`, `snapshot`, `gap`. */
const frameHearers = new Set<(frame: Frame) => void>();

export function onFrame(hear: (frame: Frame) => void): () => void {
  frameHearers.add(hear);
  return () => frameHearers.delete(hear);
}

function address(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/stream`;
}

export const connection = new Connection({
  open: () => new WebSocket(address()) as unknown as Socket,
  token: () => useSession.getState().token,
  accountId: () => useSession.getState().accountId,
  known: () => known(useLive.getState().book)?.token ?? null,
  heard,
  changed,
});
setSource((channel, symbol, window) => connection.listen(channel, symbol, window));

function changed(link: Link): void {
  const { downSince, book } = useLive.getState();
  const since = link === "live" || link === "off" ? null : (downSince ?? Date.now());
  const aged = book.state === "ready" ? { ...book, stale: link !== "live" } : book;
  useLive.setState({ link, downSince: since, book: aged });
  // What was asked for before may have changed unseen.
  if (link === "live" && downSince !== null) void queryClient.invalidateQueries();
  // Where the server was away when the page was opened, nobody has told who this is.
  const late = downSince !== null && Date.now() - downSince > RECOGNIZED_MS;
  if (link === "live" && late && useSession.getState().user === null) void recognize();
}

function heard(frame: Frame): void {
  if (frame.type === "quotes") {
    heardTicks(frame);
    return;
  }
  if (frame.type === "views" || frame.type === "bars" || frame.type === "snapshot") {
    heardTicks(frame);
  } else if (frame.type === "resync") {
    useLive.setState({ book: ready(fromResync(frame, known(useLive.getState().book))) });
    void queryClient.invalidateQueries();
  } else if (frame.type === "error" && /credential|token/.test(String(frame.code))) {
    void recognize();
  } else {
    const book = known(useLive.getState().book);
    if (book !== undefined) heardPrivate(book, frame);
  }
  for (const hear of frameHearers) hear(frame);
}

function heardPrivate(book: Book, frame: Frame): void {
  const found = fold(book, frame);
  if (found.is === "gap") connection.resync();
  if (found.is !== "folded") return;
  useLive.setState({ book: ready(found.book) });
  for (const hear of hearers) hear(frame, found.book);
  if (found.book.behind) askSums();
}

let asking = false;

/** Soon, and once for many frames. */
function askSums(): void {
  if (asking) return;
  asking = true;
  setTimeout(async () => {
    const before = known(useLive.getState().book)?.token;
    try {
      const [account, positions] = await Promise.all([
        call(api.GET("/api/v1/account")),
        call(api.GET("/api/v1/positions")),
      ]);
      const book = known(useLive.getState().book);
      asking = false;
      if (book === undefined || book.account.id !== account.id) return;
      const next = withSums(book, account, positions);
      // What came meanwhile may not be in the answer.
      const behind = book.token !== before;
      useLive.setState({ book: ready({ ...next, behind }, useLive.getState().link !== "live") });
      if (behind) askSums();
      for (const queryKey of [["orders"], ["equity"], ["executions"], ["portfolio"]]) {
        void queryClient.invalidateQueries({ queryKey });
      }
    } catch {
      asking = false;
    }
  }, SUMS_AFTER_MS);
}

/** Begins with whoever is signed in, and anew when that changes; call it once. */
export function goLive(): void {
  const begin = () => {
    useLive.setState({ book: LOADING });
    connection.start();
  };
  let { token, accountId } = useSession.getState();
  if (token !== null) begin();
  useSession.subscribe((now) => {
    // Learning which account it is, of which all was about, changes nothing.
    const book = known(useLive.getState().book);
    const same = now.token === token && (now.accountId === accountId || accountId === null);
    const sameAccount = book === undefined || book.account.id === now.accountId;
    ({ token, accountId } = now);
    if (same && (sameAccount || now.accountId === null)) return;
    if (now.token !== null) begin();
    else {
      connection.stop();
      useLive.setState({ book: LOADING });
    }
  });
  addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.hurry();
  });
  setInterval(() => {
    if (useLive.getState().link === "live" && !document.hidden) askSums();
  }, SUMS_EVERY_MS);
}

export const useAccount = (): Loadable<Account> => useOfBook((book) => book.account);

export function usePositions(): Loadable<readonly Position[]> {
  const held = useOfBook((book) => book.positions);
  return useMemo(() => map(held, (all) => [...all.values()]), [held]);
}

/** The open orders, newest first; of one symbol where one is named. */
export function useOpenOrders(symbol?: string): Loadable<readonly Order[]> {
  const orders = useOfBook((book) => book.orders);
  return useMemo(
    () =>
      map(orders, (all) =>
        [...all.values()]
          .filter((one) => isOpen(one) && (symbol === undefined || one.symbol === symbol))
          .reverse(),
      ),
    [orders, symbol],
  );
}

export const useFills = (): Loadable<readonly Execution[]> => useOfBook((book) => book.fills);

/** An order that was open since the page was opened, as it is now. */
export const useOrder = (id: string): Order | undefined =>
  useLive((live) => known(live.book)?.orders.get(id));

function useOfBook<T>(part: (book: Book) => T): Loadable<T> {
  const found = useLive((live) =>
    live.book.state === "ready" ? part(live.book.value) : undefined,
  );
  const state = useLive((live) => live.book.state);
  const stale = useLive((live) => live.book.state === "ready" && live.book.stale);
  return useMemo(() => {
    return state === "ready" && found !== undefined ? ready(found, stale) : LOADING;
  }, [found, state, stale]);
}
