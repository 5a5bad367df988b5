/** Canceling one order, or all that are shown. */
import { useEffect, useState } from "react";
import { cancel, cancelAll } from "@/state/commands";
import type { Order } from "@/state/folds";
import { say } from "@/state/notices";
import { isPending, useSubmit } from "@/state/submit";
import { Button, type ButtonProps } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { SubmitButton } from "@/ui/submit_button";
import { priceWords, titleWords, typeWords } from "./words";

/** Cancels at once; what goes wrong is told in passing, as the order may be gone by then. */
export function CancelButton({
  order,
  size = "small",
  className,
}: {
  order: Order;
  size?: ButtonProps["size"];
  className?: string;
}) {
  const { state, send } = useSubmit((id: string, keys) => cancel(id, keys));
  const onWay = order.status === "pending_cancel";
  useEffect(() => {
    if (state.is === "denied") {
      say("wrong", `Not canceled: ${state.problem.wrong}`, state.problem.right);
    }
  }, [state]);
  const busy = isPending(state);
  return (
    <Button
      size={size}
      busy={busy}
      disabled={onWay || state.is === "done"}
      className={className}
      aria-label={`Cancel: ${titleWords(order)}`}
      onClick={() => send(order.id)}
    >
      {state.is === "unknown" ? "Finding out…" : busy || onWay ? "Canceling…" : "Cancel"}
    </Button>
  );
}

/** Asks before it cancels several: all, or those of one symbol. */
export function CancelAll({ symbol, orders }: { symbol: string; orders: readonly Order[] }) {
  const [open, setOpen] = useState(false);
  if (orders.length === 0 && !open) return null;
  return (
    <>
      <Button size="small" kind="danger" className="max-lg:min-h-11" onClick={() => setOpen(true)}>
        Cancel all
      </Button>
      {open && <AskCancelAll symbol={symbol} orders={orders} onClose={() => setOpen(false)} />}
    </>
  );
}

export function AskCancelAll({
  symbol,
  orders,
  onClose,
}: {
  symbol: string;
  orders: readonly Order[];
  onClose: () => void;
}) {
  const { state, send, reset } = useSubmit((of: string, keys) =>
    cancelAll(of === "" ? undefined : of, keys),
  );
  useEffect(() => {
    if (state.is !== "done") return;
    onClose();
    say(
      "well",
      state.answer.length === 1 ? "1 order canceled" : `${state.answer.length} orders canceled`,
    );
    reset();
  }, [state, reset, onClose]);
  const what = symbol === "" ? "all open orders" : `all open orders for ${symbol}`;
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Cancel ${what}?`}
      foot={
        <>
          <Button size="large" onClick={onClose}>
            Keep them
          </Button>
          <SubmitButton
            state={state}
            kind="danger"
            label={orders.length === 1 ? "Cancel 1 order" : `Cancel ${orders.length} orders`}
            onPress={() => send(symbol)}
            words={{ sending: "Canceling…" }}
          />
        </>
      }
    >
      <p className="text-soft">What was filled stays filled. Whatever they hold is free again.</p>
      <ul className="mt-3 divide-y divide-line/60 rounded-lg border border-line">
        {orders.slice(0, SHOWN).map((one) => (
          <li key={one.id} className="flex justify-between gap-3 px-3 py-2">
            <span className="truncate font-medium">{titleWords(one)}</span>
            <span className="tabular text-soft">
              {typeWords(one)}
              {one.type !== "market" && ` ${priceWords(one)}`}
            </span>
          </li>
        ))}
      </ul>
      {orders.length > SHOWN && <p className="mt-2 text-soft">and {orders.length - SHOWN} more</p>}
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong} className="mt-3">
          {state.problem.right}
        </Notice>
      )}
    </Dialog>
  );
}

const SHOWN = 6;
