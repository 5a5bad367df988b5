/** What is said in passing: it appears, is read aloud, and goes by itself unless it is wrong. */
import { create } from "zustand";

export interface Passing {
  readonly id: number;
  readonly kind: "well" | "info" | "wrong";
  readonly title: string;
  readonly words?: string;
}

const LASTS_MS = 6_000;
const SHOWN_MAX = 4;
let last = 0;

export const useNotices = create<{ notices: readonly Passing[] }>(() => ({ notices: [] }));

export function say(kind: Passing["kind"], title: string, words?: string): void {
  last += 1;
  const id = last;
  const one: Passing = words === undefined ? { id, kind, title } : { id, kind, title, words };
  useNotices.setState(({ notices }) => ({ notices: [...notices, one].slice(-SHOWN_MAX) }));
  if (kind !== "wrong") setTimeout(() => dismiss(id), LASTS_MS);
}

export function dismiss(id: number): void {
  useNotices.setState(({ notices }) => ({ notices: notices.filter((one) => one.id !== id) }));
}

export function dismissAll(): void {
  useNotices.setState({ notices: [] });
}
