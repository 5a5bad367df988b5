/** What is said in passing, and what is said while the stream is down. */
import { useEffect, useState } from "react";
import { age, price, quantity, words } from "@/lib/format";
import { hearAlerts } from "@/state/alerts";
import { onAccountFrame, useLive } from "@/state/live";
import { dismiss, say, useNotices } from "@/state/notices";
import { IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";

const LOOKS = {
  well: { icon: "check", look: "text-up" },
  info: { icon: "info", look: "text-accent" },
  wrong: { icon: "warn", look: "text-down" },
} as const;

/** Fills and endings are told wherever one is. */
function useAccountNews(): void {
  useEffect(
    () =>
      onAccountFrame((frame, book) => {
        const fill = book.fills[0];
        if (frame.type === "fill" && fill) {
          const did = fill.side === "buy" ? "Bought" : "Sold";
          const rest = fill.order_status === "filled" ? "" : ` of ${quantity(fill.order_qty)}`;
          say(
            "well",
            `${did} ${quantity(fill.qty)}${rest} ${fill.symbol}`,
            `at ${price(fill.price)}`,
          );
        }
        const order = frame.order as { id: string; reason?: string } | undefined;
        const known = order && book.orders.get(order.id);
        if (known && (frame.event === "rejected" || frame.event === "expired")) {
          const why = order?.reason ? words(order.reason) : undefined;
          say("info", `${words(known.type)} order for ${known.symbol} ${frame.event}`, why);
        }
      }),
    [],
  );
}

/** `beside`: the ticket stands at the right, and its button is not covered. */
export function Said({ beside = false }: { beside?: boolean }) {
  useAccountNews();
  useEffect(hearAlerts, []);
  const notices = useNotices((all) => all.notices);
  return (
    <section
      aria-label="Notifications"
      aria-live="polite"
      className={classes(
        "pointer-events-none fixed inset-x-3 bottom-[calc(4.75rem+env(safe-area-inset-bottom))] z-50 flex flex-col items-end gap-2 lg:right-5 lg:bottom-5 lg:left-auto lg:w-80",
        beside && "xl:right-[22.75rem]",
      )}
    >
      {notices.map((one) => (
        <div
          key={one.id}
          className="appear pointer-events-auto flex w-full items-start gap-2.5 rounded-xl border border-line bg-raised py-2.5 pr-1.5 pl-3.5 shadow-float"
        >
          <Icon name={LOOKS[one.kind].icon} className={classes("mt-0.5", LOOKS[one.kind].look)} />
          <div className="flex-1 py-0.5">
            <p className="font-semibold">{one.title}</p>
            {one.words && <p className="text-soft">{one.words}</p>}
          </div>
          <IconButton label="Dismiss" className="size-8" onClick={() => dismiss(one.id)}>
            <Icon name="close" className="size-4" />
          </IconButton>
        </div>
      ))}
    </section>
  );
}

const PATIENCE_MS = 1_500;

/** Says that the stream is down, once that has lasted; and marks the page so that prices fade. */
export function LinkBanner() {
  const since = useLive((live) => live.downSince);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (since === null) return;
    const clock = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(clock);
  }, [since]);
  const down = since !== null && now - since > PATIENCE_MS;
  useEffect(() => {
    document.documentElement.dataset.link = down ? "down" : "live";
  }, [down]);
  return (
    <div role="status">
      {down && since !== null && (
        <p className="flex items-center justify-center gap-2 bg-warn-wash px-4 py-2 font-medium text-[0.8125rem] text-warn">
          <Icon name="warn" className="size-4" />
          No connection for {age(now - since)}. Prices may be old; your orders are safe on the
          server.
        </p>
      )}
    </div>
  );
}
