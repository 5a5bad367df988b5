/** The order looked at once more, and what became of it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { api, call } from "@/api/client";
import { compare, sign, toNumber } from "@/lib/decimal";
import { average, money, quantity, words } from "@/lib/format";
import { isOpen, type Order } from "@/state/folds";
import { useOrder } from "@/state/live";
import { Button } from "@/ui/button";
import { Icon, type Icons } from "@/ui/icon";
import { again } from "./store";

/** A part of the panel that takes its place, and the focus. */
function Turned({ title, children }: { title: ReactNode; children: ReactNode }) {
  const place = useRef<HTMLHeadingElement>(null);
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  return (
    <div className="appear flex min-h-full flex-col gap-4">
      <h3
        ref={place}
        tabIndex={-1}
        aria-live="polite"
        className="text-balance font-semibold text-lg outline-none"
      >
        {title}
      </h3>
      {children}
    </div>
  );
}

export function Review({
  title,
  lines,
  children,
}: {
  title: string;
  lines: readonly string[];
  children: ReactNode;
}) {
  return (
    <Turned title={title}>
      <ul className="space-y-1">
        {lines.map((line) => (
          <li key={line} className="flex gap-2">
            <span aria-hidden="true" className="text-soft">
              ·
            </span>
            {line}
          </li>
        ))}
      </ul>
      {children}
    </Turned>
  );
}

/** The order as it stands: by the stream, or asked for where the stream does not tell. */
function useNewest(answer: Order): Order {
  const live = useOrder(answer.id);
  const { data } = useQuery({
    queryKey: ["orders", "one", answer.id],
    queryFn: () =>
      call(api.GET("/api/v1/orders/{order_id}", { params: { path: { order_id: answer.id } } })),
    enabled: live === undefined && isOpen(answer),
  });
  return live ?? data ?? answer;
}

const LOOKS: Record<string, { icon: Icons; look: string }> = {
  filled: { icon: "check", look: "bg-up-wash text-up" },
  canceled: { icon: "info", look: "bg-warn-wash text-warn" },
  expired: { icon: "info", look: "bg-warn-wash text-warn" },
  rejected: { icon: "warn", look: "bg-down-wash text-down" },
};

export function Done({
  answer,
  sent,
  onClose,
}: {
  answer: Order;
  sent: string;
  onClose: (() => void) | null;
}) {
  const order = useNewest(answer);
  const { icon, look } = LOOKS[order.status] ?? {
    icon: "check" as const,
    look: "bg-accent-wash text-accent",
  };
  const done = sign(order.filled_qty) > 0;
  return (
    <Turned
      title={
        <>
          <span className={`mb-3 flex size-11 items-center justify-center rounded-full ${look}`}>
            <Icon name={icon} className="size-6" />
          </span>
          {stateWords(order)}
        </>
      }
    >
      <p className="text-soft">{sent}</p>
      <dl className="live space-y-1.5 text-[0.8125rem]">
        <Fact name="Filled">
          {quantity(order.filled_qty)} of {quantity(order.qty)}
        </Fact>
        {done && <Fact name="Average price">{average(order.filled_avg_price)}</Fact>}
        {done && <Fact name="Fees">{money(order.fees)}</Fact>}
        {order.reason && <Fact name="Why">{words(order.reason)}</Fact>}
      </dl>
      {compare(order.filled_qty, "0") > 0 && isOpen(order) && (
        <progress
          aria-label="Filled so far"
          value={toNumber(order.filled_qty)}
          max={toNumber(order.qty)}
          className="h-1.5 w-full accent-accent"
        />
      )}
      <div className="mt-auto space-y-2 pt-1 sm:mt-0">
        <Link
          to={"/orders/$id" as string}
          params={{ id: order.id } as never}
          onClick={() => onClose?.()}
          className="flex min-h-12 items-center justify-center rounded-xl border border-line font-medium hover:bg-sunken"
        >
          See the order
        </Link>
        <Button size="large" kind="quiet" className="w-full" onClick={again}>
          Another order
        </Button>
        {onClose && (
          <Button size="large" kind="quiet" className="w-full" onClick={onClose}>
            Close
          </Button>
        )}
      </div>
    </Turned>
  );
}

function stateWords(order: Order): string {
  if (order.status === "filled") return "Filled";
  if (order.status === "partially_filled") return "Being filled";
  if (isOpen(order)) return order.status === "held" ? "Placed, and held" : "Order placed";
  const part = sign(order.filled_qty) > 0 ? "Partly filled, then " : "";
  const word = `${part}${words(order.status)}`;
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="text-soft">{name}</dt>
      <dd className="tabular text-right font-medium">{children}</dd>
    </div>
  );
}
