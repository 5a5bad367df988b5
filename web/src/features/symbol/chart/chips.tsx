/**
 * What lies over the canvas where orders and the position are: a handle on each line. It is dragged
 * with mouse or finger, or moved with the arrow keys; Escape puts it back.
 */
import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from "react";
import { toNumber } from "@/lib/decimal";
import { price, quantity, words } from "@/lib/format";
import type { Order } from "@/state/folds";
import type { Asset } from "@/state/instrument";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { allowed, drop, hold, leave, send, stepped, useMove, type Which } from "../moves";

/** One line that has a handle. */
export interface Handle {
  readonly key: string;
  /** The same also when the order is replaced. */
  readonly root: string;
  readonly order: Order;
  readonly which: Which;
  readonly price: string;
  readonly movable: boolean;
}

/** What a handle needs of the canvas. */
export interface Ground {
  /** The price at a height of the window; null outside. */
  readonly priceAt: (clientY: number) => string | null;
}

const FAR = 10;

/** "Sell stop", "Buy limit", "Sell stop's limit". */
export function nameOf(order: Order, which: Which): string {
  const side = order.side === "buy" ? "Buy" : "Sell";
  if (order.type === "stop_limit" && which === "limit_price") return `${side} stop’s limit`;
  return `${side} ${words(order.type).replace("stop limit", "stop")}`;
}

export function Chip({ handle, asset, ground }: { handle: Handle; asset: Asset; ground: Ground }) {
  const { order, which, movable, key } = handle;
  const move = useMove(order.id, which);
  const shown = move && move.submit.is !== "denied" ? move.price : handle.price;
  const state = move?.is === "sent" ? move.submit.is : move?.is;
  const place = useRef<HTMLDivElement>(null);
  const held = move?.is === "held";
  useEffect(() => {
    // A drag is given up wherever the focus is.
    if (!held) return;
    const key = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      leave(order.id, which);
    };
    addEventListener("keydown", key, true);
    return () => removeEventListener("keydown", key, true);
  }, [held, order.id, which]);

  const grab = (event: PointerEvent<HTMLDivElement>) => {
    if (!movable || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    hold(order, which, shown, "held");
  };
  const pull = (event: PointerEvent<HTMLDivElement>) => {
    if (!held) return;
    const at = ground.priceAt(event.clientY);
    if (at !== null) hold(order, which, allowed(asset, at), "held");
  };
  const press = (event: KeyboardEvent) => {
    if (!movable) return;
    const up = event.key === "ArrowUp" || event.key === "PageUp";
    if (up || event.key === "ArrowDown" || event.key === "PageDown") {
      const far = event.shiftKey || event.key.startsWith("Page");
      hold(order, which, stepped(asset, shown, up, far ? FAR : 1), "asking");
    } else if (event.key === "Enter" && move?.is === "asking") send(order.id, which);
    else if (event.key === "Escape" && move?.is === "asking") leave(order.id, which);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const buy = order.side === "buy";
  const title = nameOf(order, which);
  const label = `${title} ${quantity(order.qty)}`;
  return (
    <div
      ref={place}
      data-line={key}
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={toNumber(shown)}
      aria-valuetext={`${price(shown)}${SAYS[state ?? ""] ?? ""}`}
      aria-readonly={!movable}
      onPointerDown={grab}
      onPointerMove={pull}
      onPointerUp={() => drop(order.id, which)}
      onPointerCancel={() => leave(order.id, which)}
      onKeyDown={press}
      className={classes(
        "group -mt-[22px] absolute top-0 left-0 flex h-11 touch-none select-none items-center opacity-0 data-placed:opacity-100 sm:-mt-[13px] sm:h-[26px]",
        movable ? (held ? "cursor-grabbing" : "cursor-ns-resize") : "cursor-default",
        held ? "z-20" : "z-10",
      )}
    >
      <span
        className={classes(
          "flex h-[26px] items-center gap-1 rounded-md border bg-surface pr-2 font-medium text-xs shadow-card",
          buy ? "border-up text-up" : "border-down text-down",
          movable ? "pl-0.5" : "pl-2",
          state === "denied" && "bg-down-wash",
          move && state !== "denied" && "border-dashed",
        )}
      >
        {movable && <Icon name="more" className="size-4 rotate-90 opacity-60" />}
        <span className="tabular">
          <span className="hidden group-data-[out=above]:inline" aria-hidden="true">
            ▲{" "}
          </span>
          <span className="hidden group-data-[out=below]:inline" aria-hidden="true">
            ▼{" "}
          </span>
          {title} {quantity(order.qty)}
          <span className="hidden group-data-out:inline"> at {price(shown)}</span>
          <span className="max-sm:hidden">{state ? SAYS[state] : ""}</span>
        </span>
      </span>
    </div>
  );
}

/** What became of it, after its price. */
const SAYS: Record<string, string> = {
  held: " · let go to move it",
  asking: " · not sent yet",
  sending: " · sending",
  slow: " · still sending",
  unknown: " · asking what became of it",
  done: " · moved",
  denied: " · not moved",
};
