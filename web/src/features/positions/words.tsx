/** What a position is, in words: its side and size, a contract's terms, what protects it. */
import { average, price, quantity } from "@/lib/format";
import type { Order, Position } from "@/state/folds";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";

export function Size({ position }: { position: Position }) {
  const short = position.side === "short";
  return (
    <span className="tabular">
      {quantity(position.qty.replace("-", ""))}{" "}
      <span
        className={classes(
          "rounded px-1 py-px font-medium",
          short ? "bg-down-wash text-down" : "bg-up-wash text-up",
        )}
      >
        {short ? "short" : "long"}
      </span>
    </span>
  );
}

/** What holds a perpetual contract, and where the house would close it. */
export function ContractLine({ position }: { position: Position }) {
  const { contract } = position;
  if (!contract) return null;
  return (
    <span className="tabular">
      {contract.leverage}× {contract.mode} ·{" "}
      {contract.liquidation_price === null ? (
        "no liquidation price"
      ) : (
        <span className="text-warn">liquidated at {average(contract.liquidation_price)}</span>
      )}
    </span>
  );
}

const STATUSES: Partial<Record<Order["status"], string>> = {
  accepted: "queued",
  new: "working",
  partially_filled: "partly filled",
  held: "waits for its entry",
  pending_new: "on its way",
  pending_cancel: "canceling",
};

export const statusWords = ({ status }: Order): string => STATUSES[status] ?? status;

/** Where a stop lies: at a price, or so far behind the best one. */
export function stopWords(stop: Order): string {
  if (stop.trail_percent !== null) return `trails ${quantity(stop.trail_percent)}%`;
  if (stop.trail_price !== null) return `trails ${price(stop.trail_price)}`;
  return price(stop.stop_price);
}

export function Protected({ position }: { position: Position }) {
  const { take_profit: profit, stop_loss: stop } = position.protection ?? {};
  if (!profit && !stop) {
    return <span className="text-soft">none</span>;
  }
  return (
    <span className="inline-flex items-center gap-1.5">
      <Icon name="shield" className="size-4 text-accent" />
      <span className="tabular text-xs leading-tight">
        {profit && <span className="block">profit {price(profit.limit_price)}</span>}
        {stop && <span className="block">stop {stopWords(stop)}</span>}
      </span>
    </span>
  );
}
