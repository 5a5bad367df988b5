/**
 * The orders that work in this symbol. Each price can be moved a step at a time here, which is the same
 * as dragging its line on the chart.
 */
import { Link } from "@tanstack/react-router";
import { price, quantity } from "@/lib/format";
import { cancel } from "@/state/commands";
import type { Order } from "@/state/folds";
import type { Asset } from "@/state/instrument";
import { isPending, useSubmit } from "@/state/submit";
import { openTicket } from "@/state/ticket";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { nameOf } from "./chart/chips";
import { useLines } from "./lines";
import { hold, pricesOf, stepped, useMove, type Which } from "./moves";

export function Working({ asset }: { asset: Asset }) {
  const lines = useLines(asset.symbol);
  return (
    <Card title="Working orders" flush>
      {lines === undefined ? (
        <div className="px-4 pb-4">
          <Waiting className="h-14" />
        </div>
      ) : lines.length === 0 ? (
        <Empty
          title="No orders work here"
          action={
            <Button
              size="small"
              onClick={() => openTicket({ symbol: asset.symbol, type: "limit" })}
            >
              Place a limit order
            </Button>
          }
        >
          A limit or stop order stands here, and as a line on the chart that you can drag.
        </Empty>
      ) : (
        <ul className="divide-y divide-line border-line border-t">
          {lines.map(({ root, order }) => (
            <Row key={root} order={order} asset={asset} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ order, asset }: { order: Order; asset: Asset }) {
  const buy = order.side === "buy";
  const filled = order.filled_qty === "0" ? "" : `${quantity(order.filled_qty)} of `;
  const { state, send, reset } = useSubmit((id: string, keys) => cancel(id, keys));
  return (
    <li className="px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-36 flex-1">
          <Link
            to={`/orders/${order.id}` as "/"}
            className="font-medium underline-offset-2 hover:underline"
          >
            <span className={buy ? "text-up" : "text-down"}>{nameOf(order, "stop_price")}</span>{" "}
            <span className="tabular">
              {filled}
              {quantity(order.qty)}
            </span>
          </Link>
          <p className="text-soft text-xs">
            {order.time_in_force.toUpperCase()}
            {order.status === "held" && " · waits for its entry"}
            {order.protects && " · protects the position"}
            {order.type === "trailing_stop" && " · follows the price"}
          </p>
        </div>
        {pricesOf(order).map((one) => (
          <Price key={one.which} order={order} asset={asset} {...one} />
        ))}
        <Button
          size="small"
          kind="quiet"
          className="max-sm:min-h-11"
          busy={isPending(state)}
          onClick={() => send(order.id)}
          aria-label={`Cancel ${nameOf(order, "stop_price")} ${quantity(order.qty)}`}
        >
          {state.is === "unknown" ? "Finding out…" : "Cancel"}
        </Button>
      </div>
      {state.is === "denied" && (
        <p role="alert" className="mt-1.5 flex items-center gap-3 text-[0.8125rem]">
          <span className="flex-1">
            <span className="font-semibold text-down">Not canceled. {state.problem.wrong}</span>{" "}
            {state.problem.right}
          </span>
          <Button size="small" onClick={reset}>
            Close
          </Button>
        </p>
      )}
    </li>
  );
}

function Price({
  order,
  asset,
  which,
  price: at,
  movable,
}: {
  order: Order;
  asset: Asset;
  which: Which;
  price: string;
  movable: boolean;
}) {
  const move = useMove(order.id, which);
  const shown = move && move.submit.is !== "denied" ? move.price : at;
  const word = which === "stop_price" ? "Stop" : "Limit";
  const step = (up: boolean) => hold(order, which, stepped(asset, shown, up), "asking");
  const sent = move?.is === "sent" && move.submit.is !== "denied";
  return (
    <fieldset className="flex items-center gap-1">
      <legend className="sr-only">
        {word} of {nameOf(order, which)}
      </legend>
      <span className="text-soft text-xs" aria-hidden="true">
        {word}
      </span>
      {movable && <Step label="Lower" icon="minus" disabled={sent} onClick={() => step(false)} />}
      <output
        className={classes(
          "tabular min-w-16 text-center font-medium",
          move && move.submit.is !== "denied" && "text-accent",
        )}
      >
        {price(shown)}
      </output>
      {movable && <Step label="Higher" icon="plus" disabled={sent} onClick={() => step(true)} />}
    </fieldset>
  );
}

function Step({
  label,
  icon,
  disabled,
  onClick,
}: {
  label: string;
  icon: "plus" | "minus";
  disabled: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-disabled={disabled}
      onClick={() => !disabled && onClick()}
      className="flex size-11 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink sm:size-8"
    >
      <Icon name={icon} className="size-4" />
    </button>
  );
}
