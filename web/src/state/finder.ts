/** Whether the search over everything is open, what is typed first, and what was found before. */
import { create } from "zustand";
import { keep, kept } from "@/lib/store";
import { useSession } from "./session";

const RECENT_MAX = 6;

export const useFinder = create<{ open: boolean; text: string }>(() => ({ open: false, text: "" }));

export function openFinder(text = ""): void {
  useFinder.setState({ open: true, text });
}

export function closeFinder(): void {
  useFinder.setState({ open: false });
}

const name = (): string => `recent.${useSession.getState().user?.id ?? ""}`;

/** The symbols that this person chose here before, newest first. */
export function recent(): readonly string[] {
  return (kept(name()) ?? "").split(" ").filter(Boolean);
}

export function remember(symbol: string): void {
  const all = [symbol, ...recent().filter((one) => one !== symbol)];
  keep(name(), all.slice(0, RECENT_MAX).join(" "));
}
