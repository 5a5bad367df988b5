/**
 * What keys do: `useKey("b", buy, "Buy")` while a component is shown. A key is one (`b`, `/`, `?`), two
 * after each other (`g h`), `Escape`, or `mod+k` (Control, or Command on a Mac). Letters do nothing
 * while somebody types, with a modifier, while a dialog is open, and where they are switched off.
 */
import { useEffect, useRef } from "react";
import { create } from "zustand";
import { useSettings } from "./settings";

export interface Shortcut {
  readonly keys: string;
  readonly words: string;
  /** It belongs to a dialog, and counts while one is open. */
  readonly dialog: boolean;
  readonly action: () => void;
}

/** What of a keyboard event is used. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

export interface Around {
  readonly typing: boolean;
  readonly dialog: boolean;
  readonly singleKeys: boolean;
  readonly now: number;
}

/** So long after the first key of two the second still counts. */
export const PAIR_MS = 1_500;

export class Keys {
  readonly #told: (all: readonly Shortcut[]) => void;
  #all: readonly Shortcut[] = [];
  #first = "";
  #until = 0;

  constructor(told: (all: readonly Shortcut[]) => void = () => undefined) {
    this.#told = told;
  }

  /** What came last counts first. */
  add(one: Shortcut): () => void {
    this.#set([one, ...this.#all]);
    return () => this.#set(this.#all.filter((other) => other !== one));
  }

  press(event: Pressed, around: Around): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const name = nameOf(event);
    if (name === null) return;
    const letter = name !== "Escape" && !name.startsWith("mod+");
    if (letter && (around.typing || !around.singleKeys)) return;
    const before = around.now < this.#until ? this.#first : "";
    this.#first = "";
    const here = this.#all.filter((one) => one.dialog === around.dialog);
    const found =
      (before !== "" && here.find((one) => one.keys === `${before} ${name}`)) ||
      here.find((one) => one.keys === name);
    if (found) {
      event.preventDefault();
      found.action();
    } else if (here.some((one) => one.keys.startsWith(`${name} `))) {
      this.#first = name;
      this.#until = around.now + PAIR_MS;
    }
  }

  #set(all: readonly Shortcut[]): void {
    this.#all = all;
    this.#told(all);
  }
}

/** `b`, `?`, `Escape`, `mod+k`; null for what is never a shortcut. */
function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Pressed): string | null {
  if (altKey) return null;
  // Caps Lock is not Shift.
  const one = key.length === 1;
  const letter = !one ? key : shiftKey ? key.toUpperCase() : key.toLowerCase();
  if (ctrlKey || metaKey) return one && !shiftKey ? `mod+${letter}` : null;
  if (letter === "Escape") return letter;
  return one && key !== " " ? letter : null;
}

const BUTTONS = new Set([
  "button",
  "checkbox",
  "radio",
  "range",
  "submit",
  "reset",
  "color",
  "file",
]);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !BUTTONS.has(target.type);
  return (
    target.isContentEditable ||
    target.matches("textarea, select, [role=textbox], [role=combobox], [role=listbox]")
  );
}

export const useShortcuts = create<{ all: readonly Shortcut[] }>(() => ({ all: [] }));
const keys = new Keys((all) => useShortcuts.setState({ all }));

globalThis.addEventListener?.("keydown", (event: KeyboardEvent) =>
  keys.press(event, {
    typing: isTyping(event.target),
    dialog: document.querySelector("dialog[open]") !== null,
    singleKeys: useSettings.getState().singleKeys,
    now: event.timeStamp,
  }),
);

/** While the component is shown, `name` does `action`; `words` say so in the list under `?`. Null: not now. */
export function useKey(
  name: string | null,
  action: () => void,
  words: string,
  { dialog = false }: { dialog?: boolean } = {},
): void {
  const newest = useRef(action);
  useEffect(() => {
    newest.current = action;
  });
  useEffect(() => {
    if (name === null) return;
    return keys.add({ keys: name, words, dialog, action: () => newest.current() });
  }, [name, words, dialog]);
}
