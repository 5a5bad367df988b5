/** What is filled in and what became of it: they outlive the panel, which comes and goes. */
import { create } from "zustand";
import { findPlaced, place } from "@/state/commands";
import { say } from "@/state/notices";
import { useSession } from "@/state/session";
import { setConfirm, useSettings } from "@/state/settings";
import { Submission } from "@/state/submit";
import type { TicketDraft } from "@/state/ticket";
import { type Body, blank, type Form } from "./form";

interface Filled {
  readonly form: Form;
  /** The order that is looked at once more, or that was sent, in words. */
  readonly review: boolean;
  readonly sent: string;
  /** Whether every order is looked at once more. */
  readonly asks: boolean;
  /** The opening of the ticket that is in the form. */
  readonly asked: number;
}

export const useFilled = create<Filled>(() => ({
  form: blank(""),
  review: false,
  sent: "",
  asks: useSettings.getState().confirm,
  asked: 0,
}));

export const sending = new Submission(place, findPlaced);

let watching = 0;

/** While the panel is shown it says itself what became of the order; otherwise it is said in passing. */
export function watched(): () => void {
  watching += 1;
  return () => {
    watching -= 1;
  };
}

sending.listen(() => {
  const { state } = sending;
  if (watching > 0) return;
  if (state.is === "done") say("well", "Order placed", useFilled.getState().sent);
  if (state.is === "denied")
    say("wrong", "Order not placed", `${state.problem.wrong} ${state.problem.right}`);
});

/** Nothing of one person's order is left for the next one. */
useSession.subscribe((now, before) => {
  if (now.token !== before.token) useFilled.setState({ form: blank(""), review: false, sent: "" });
  if (now.accountId !== before.accountId) sending.reset();
});

export function change(changed: Partial<Form>): void {
  sending.reset();
  useFilled.setState(({ form }) => ({ form: { ...form, ...changed }, review: false }));
}

export function fill(name: string, value: string): void {
  change({ values: { ...useFilled.getState().form.values, [name]: value } });
}

/** The form of a symbol: what was typed for it stays, what was typed for another goes. */
export function startWith(symbol: string, asked: number, draft: TicketDraft): void {
  const { form, asked: before } = useFilled.getState();
  const same = form.symbol === symbol;
  if (same && asked === before) return;
  const base = same ? form : { ...blank(symbol), side: form.side };
  if (asked === before) {
    useFilled.setState({ form: base, review: false });
    sending.reset();
    return;
  }
  const values = { ...base.values };
  for (const name of ["qty", "limit_price", "stop_price"] as const) {
    const value = draft[name];
    if (value !== undefined) values[name] = value;
  }
  const next = { ...base, side: draft.side ?? base.side, type: draft.type ?? base.type, values };
  useFilled.setState({ form: next, review: false, asked });
  sending.reset();
}

export const setAsks = setConfirm;
useSettings.subscribe(({ confirm }) => useFilled.setState({ asks: confirm }));

export function send(body: Body, words: string): void {
  useFilled.setState({ sent: words });
  sending.send(body);
}

/** The next order: as the last, but for how much. */
export function again(): void {
  const { form } = useFilled.getState();
  const values = { ...form.values, qty: "", notional: "" };
  change({ values });
}
