/** Goal: a key does what it says, and nothing while somebody writes. */
import { beforeEach, expect, test, vi } from "vitest";
import { type Around, Keys, PAIR_MS, type Pressed } from "./keys";

const FREE: Around = { typing: false, dialog: false, singleKeys: true, now: 0 };

function pressed(key: string, more: Partial<Pressed> = {}): Pressed {
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  const event = { repeat: false, isComposing: false, defaultPrevented: false };
  return { key, ...none, ...event, preventDefault: vi.fn(), ...more };
}

let keys: Keys;
let done: string[];
const add = (name: string, dialog = false) =>
  keys.add({ keys: name, words: name, dialog, action: () => done.push(name) });

beforeEach(() => {
  keys = new Keys();
  done = [];
});

test("one key, and two after each other", () => {
  for (const name of ["b", "h", "g h", "?", "mod+k", "Escape"]) add(name);
  const event = pressed("b");
  keys.press(event, FREE);
  expect(event.preventDefault).toHaveBeenCalledOnce();
  keys.press(pressed("g"), FREE);
  keys.press(pressed("h"), { ...FREE, now: PAIR_MS - 1 });
  keys.press(pressed("h"), { ...FREE, now: PAIR_MS - 1 });
  keys.press(pressed("g"), FREE);
  keys.press(pressed("h"), { ...FREE, now: PAIR_MS });
  keys.press(pressed("?", { shiftKey: true }), FREE);
  keys.press(pressed("k", { metaKey: true }), FREE);
  keys.press(pressed("k", { ctrlKey: true }), { ...FREE, typing: true });
  keys.press(pressed("Escape"), { ...FREE, typing: true });
  expect(done).toEqual(["b", "g h", "h", "h", "?", "mod+k", "mod+k", "Escape"]);
});

test("a letter does nothing in a field, with a modifier, held down, or switched off", () => {
  for (const name of ["b", "g h"]) add(name);
  const off: Around = { ...FREE, singleKeys: false };
  keys.press(pressed("b"), { ...FREE, typing: true });
  keys.press(pressed("b"), off);
  for (const more of ["ctrlKey", "metaKey", "altKey", "shiftKey", "repeat", "isComposing"]) {
    keys.press(pressed("b", { [more]: true }), FREE);
  }
  keys.press(pressed("b", { defaultPrevented: true }), FREE);
  keys.press(pressed("g"), off);
  keys.press(pressed("h"), off);
  expect(done).toEqual([]);
  keys.press(pressed("B"), { ...FREE, now: 1 });
  expect(done, "Caps Lock").toEqual(["b"]);
});

test("a dialog has keys of its own", () => {
  add("b");
  add("Escape", true);
  keys.press(pressed("b"), { ...FREE, dialog: true });
  keys.press(pressed("Escape"), { ...FREE, dialog: true });
  keys.press(pressed("Escape"), FREE);
  expect(done).toEqual(["Escape"]);
});

test("what came last counts first, until it goes", () => {
  const told: number[] = [];
  keys = new Keys((all) => told.push(all.length));
  add("Escape");
  const end = keys.add({
    keys: "Escape",
    words: "",
    dialog: false,
    action: () => done.push("inner"),
  });
  keys.press(pressed("Escape"), FREE);
  end();
  keys.press(pressed("Escape"), FREE);
  expect(done).toEqual(["inner", "Escape"]);
  expect(told).toEqual([1, 2, 1]);
});
