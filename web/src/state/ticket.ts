/** Whether the order ticket is open, and with what it was opened. Anybody may open it. */
import { create } from "zustand";

export interface TicketDraft {
  readonly symbol?: string;
  readonly side?: "buy" | "sell";
  readonly qty?: string;
  readonly type?: "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
  readonly limit_price?: string;
  readonly stop_price?: string;
}

interface Ticket {
  readonly open: boolean;
  readonly draft: TicketDraft;
  /** Counts the openings: the same draft asked for again is asked for anew. */
  readonly asked: number;
}

export const useTicket = create<Ticket>(() => ({ open: false, draft: {}, asked: 0 }));

/** Opens it with these fields; without a symbol it is the one that is looked at. */
export function openTicket(draft: TicketDraft = {}): void {
  useTicket.setState(({ asked }) => ({ open: true, draft, asked: asked + 1 }));
}

/** Closes it, or says that what it was opened with has been taken over. */
export function closeTicket(): void {
  useTicket.setState({ open: false, draft: {} });
}
