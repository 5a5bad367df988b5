/**
 * The search over everything: symbols, screens, and what can be done. A field and a list (WAI-ARIA
 * authoring practices, combobox): the focus stays in the field, the arrows choose.
 */
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { price } from "@/lib/format";
import { closeFinder, useFinder } from "@/state/finder";
import { useKey } from "@/state/keys";
import { search } from "@/state/market";
import { assets } from "@/state/queries";
import { useQuote } from "@/state/ticks";
import { IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { Keycaps } from "@/ui/keycaps";
import { Moving } from "@/ui/moving";
import { useChoices } from "./choices";
import { type Choice, symbolsFor, wishOf } from "./found";

export default function Finder() {
  const first = useFinder((finder) => finder.text);
  const [typed, setTyped] = useState(first);
  const [at, setAt] = useState(0);
  const id = useId();
  const place = useRef<HTMLDialogElement>(null);
  const wish = wishOf(typed);
  const asked = useDeferredValue(wish.text);
  const { data: all } = useQuery(assets);
  const { data: found } = useQuery({ ...search(asked), enabled: asked.length > 1 });
  const symbols = symbolsFor(wish.text, all ?? [], found?.results ?? []);
  const groups = useChoices(wish, symbols, all ?? []);
  const flat = groups.flatMap((one) => one.choices);
  const chosen = flat[Math.min(at, flat.length - 1)];

  useEffect(() => {
    const before = document.activeElement;
    const dialog = place.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      const free = document.activeElement === null || document.activeElement === document.body;
      if (free && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    if (chosen) document.getElementById(`${id}-${chosen.id}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, id]);
  useKey("mod+k", closeFinder, "", { dialog: true });

  const pick = (one: Choice) => {
    closeFinder();
    one.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && flat.length > 0) {
      const now = Math.min(at, flat.length - 1);
      setAt((now + step + flat.length) % flat.length);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      if (chosen) pick(chosen);
    } else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key, and the browser's
    <dialog
      ref={place}
      aria-label="Search"
      onCancel={(event) => {
        event.preventDefault();
        closeFinder();
      }}
      onClick={(event) => event.target === place.current && closeFinder()}
      className="appear m-0 h-dvh max-h-none w-full max-w-none flex-col overflow-hidden bg-raised shadow-float backdrop:bg-[#000]/45 open:flex sm:mx-auto sm:mt-[12vh] sm:h-fit sm:max-h-[70vh] sm:max-w-xl sm:rounded-2xl sm:border sm:border-line"
    >
      <div className="flex items-center gap-3 border-line border-b py-1.5 pr-2 pl-4">
        <Icon name="search" className="text-soft" />
        <input
          role="combobox"
          aria-label="Search symbols, screens and actions"
          aria-expanded={flat.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={chosen && `${id}-${chosen.id}`}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          placeholder="Search, or “buy 10 KO”"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={press}
          className="min-h-11 min-w-0 flex-1 bg-transparent text-base outline-none placeholder:text-soft"
        />
        <IconButton label="Close the search" className="size-11" onClick={closeFinder}>
          <Icon name="close" />
        </IconButton>
      </div>
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label="Found"
        tabIndex={-1}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-2"
      >
        {groups.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: options stand in a list, not in a form
          <div key={group.name} role="group" aria-labelledby={`${id}-${group.name}`}>
            <p
              id={`${id}-${group.name}`}
              role="presentation"
              className="px-2.5 pt-2.5 pb-1 font-medium text-soft text-xs"
            >
              {group.name}
            </p>
            {group.choices.map((one) => (
              <Row
                key={one.id}
                id={`${id}-${one.id}`}
                one={one}
                chosen={one === chosen}
                onPick={() => pick(one)}
                onPoint={() => setAt(flat.indexOf(one))}
              />
            ))}
          </div>
        ))}
      </div>
      <p role="status" className={flat.length > 0 ? "sr-only" : "px-5 pt-1 pb-6 text-soft"}>
        {flat.length > 0
          ? `${flat.length} found`
          : wish.side && wish.text === ""
            ? "Type a ticker or a name."
            : `Nothing is called “${typed.trim()}”. Try a ticker, a name, or a screen.`}
      </p>
      <p className="hidden items-center gap-4 border-line border-t px-4 py-2 text-soft text-xs sm:flex">
        <span>↑ ↓ to choose</span>
        <span>Enter to go</span>
        <span>Esc to close</span>
      </p>
    </dialog>
  );
}

function Row({
  id,
  one,
  chosen,
  onPick,
  onPoint,
}: {
  id: string;
  one: Choice;
  chosen: boolean;
  onPick: () => void;
  onPoint: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus, and the keys
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      tabIndex={-1}
      onClick={onPick}
      onPointerMove={onPoint}
      className={classes(
        "flex min-h-12 cursor-pointer items-center gap-3 rounded-lg px-2.5 py-1.5",
        chosen && "bg-accent-wash",
      )}
    >
      <Icon name={one.icon} className={chosen ? "text-accent" : "text-soft"} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{one.label}</span>
        {one.below && <span className="block truncate text-soft text-xs">{one.below}</span>}
      </span>
      {one.symbol && <Priced symbol={one.symbol} />}
      {one.keys && (
        <span className="max-sm:hidden">
          <Keycaps keys={one.keys} />
        </span>
      )}
    </div>
  );
}

function Priced({ symbol }: { symbol: string }) {
  const quote = useQuote(symbol);
  const value = quote?.last ?? quote?.bid ?? null;
  return <Moving value={value}>{price(value)}</Moving>;
}
