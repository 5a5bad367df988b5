/** What a person chose about this app in this browser, beside the theme. */
import { create } from "zustand";
import { keep, kept, onKept } from "@/lib/store";

export interface Settings {
  /** Whether a single letter does something by itself (WCAG 2.1.4 wants a way to switch that off). */
  readonly singleKeys: boolean;
  /** Whether the ticket shows an order once more before it is sent. */
  readonly confirm: boolean;
}

const read = (): Settings => ({
  singleKeys: kept("single-keys") !== "off",
  confirm: kept("ticket.asks") !== "no",
});

export const useSettings = create<Settings>(read);

export function setSingleKeys(on: boolean): void {
  keep("single-keys", on ? null : "off");
  useSettings.setState({ singleKeys: on });
}

export function setConfirm(on: boolean): void {
  keep("ticket.asks", on ? null : "no");
  useSettings.setState({ confirm: on });
}

for (const name of ["single-keys", "ticket.asks"]) {
  onKept(name, () => useSettings.setState(read()));
}
