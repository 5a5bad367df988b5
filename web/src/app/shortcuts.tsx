/** What the keys do, and the list of it under `?`. */
import { useNavigate } from "@tanstack/react-router";
import { create } from "zustand";
import { openFinder } from "@/state/finder";
import { useKey, useShortcuts } from "@/state/keys";
import { dismissAll } from "@/state/notices";
import { setSingleKeys, useSettings } from "@/state/settings";
import { openTicket } from "@/state/ticket";
import { Dialog } from "@/ui/dialog";
import { Keycaps } from "@/ui/keycaps";
import { Toggle } from "@/ui/toggle";
import { screens } from "./screens";

/** After `g`, where there is such a screen. */
export const GO: readonly (readonly [letter: string, path: string, words: string])[] = [
  ["h", "/", "Go home"],
  ["m", "/markets", "Go to the markets"],
  ["o", "/orders", "Go to the orders"],
  ["p", "/positions", "Go to the positions"],
  ["a", "/account", "Go to the account"],
  ["d", "/market", "Go to the data"],
];

function Go({ letter, path, words }: { letter: string; path: string; words: string }) {
  const go = useNavigate();
  useKey(`g ${letter}`, () => void go({ to: path }), words);
  return null;
}

const useList = create<{ open: boolean }>(() => ({ open: false }));

export function showShortcuts(open: boolean): void {
  useList.setState({ open });
}

/** `symbol` is the one that is looked at. */
export function Shortcuts({ symbol }: { symbol: string | undefined }) {
  const { open } = useList();
  const trade = (side: "buy" | "sell") =>
    symbol === undefined ? openFinder(`${side} `) : openTicket({ symbol, side });
  useKey("?", () => showShortcuts(true), "Show these keys");
  useKey("/", () => openFinder(), "Search");
  useKey("mod+k", () => openFinder(), "Search, also while typing");
  useKey("b", () => trade("buy"), "Buy");
  useKey("s", () => trade("sell"), "Sell");
  useKey("Escape", dismissAll, "Close what is open");
  return (
    <>
      {GO.filter(([, path]) => screens.some((one) => one.path === path)).map(
        ([letter, path, words]) => (
          <Go key={letter} letter={letter} path={path} words={words} />
        ),
      )}
      <ShortcutList open={open} onClose={() => showShortcuts(false)} />
    </>
  );
}

function ShortcutList({ open, onClose }: { open: boolean; onClose: () => void }) {
  const all = useShortcuts((keys) => keys.all);
  const { singleKeys } = useSettings();
  const shown = [...new Map(all.map((one) => [one.keys, one])).values()]
    .filter((one) => !one.dialog && one.words !== "")
    .sort((a, b) => Number(a.keys.includes(" ")) - Number(b.keys.includes(" ")));
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard">
      <ul className="divide-y divide-line/60">
        {shown.map((one) => {
          const off = !singleKeys && !/^(mod\+|Escape)/.test(one.keys);
          return (
            <li key={one.keys} className="flex min-h-10 items-center justify-between gap-4">
              <span className={off ? "text-soft line-through" : ""}>{one.words}</span>
              <Keycaps keys={one.keys} />
            </li>
          );
        })}
      </ul>
      <Toggle
        className="mt-3 border-line border-t pt-3"
        label="Single-key shortcuts"
        hint="Switch them off if you speak to your device, or often press a key by mistake."
        on={singleKeys}
        onChange={setSingleKeys}
      />
    </Dialog>
  );
}
