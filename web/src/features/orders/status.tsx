/** An order's side and status, as they are shown everywhere on these screens. */

import type { Order } from "@/state/folds";
import { isOpen } from "@/state/folds";
import { classes } from "@/ui/classes";
import { reasonWords, sideWords, statusWords } from "./words";

function look(order: Order): string {
  if (order.status === "filled") return "bg-up-wash text-up";
  if (order.status === "rejected") return "bg-down-wash text-down";
  if (order.status === "pending_cancel") return "bg-warn-wash text-warn";
  return isOpen(order)
    ? "bg-accent-wash text-accent"
    : "bg-sunken text-soft ring-1 ring-line ring-inset";
}

export function Status({ order }: { order: Order }) {
  return (
    <span
      title={reasonWords(order) ?? undefined}
      className={classes(
        "live inline-flex items-center whitespace-nowrap rounded-full px-2 py-0.5 font-medium text-xs",
        look(order),
      )}
    >
      {statusWords(order)}
    </span>
  );
}

export function Side({ order }: { order: Order }) {
  return <span className={order.side === "buy" ? "text-up" : "text-down"}>{sideWords(order)}</span>;
}
