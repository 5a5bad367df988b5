/** Asks once more before every open order is canceled, from wherever that was chosen. */
import { lazy, Suspense } from "react";
import { create } from "zustand";
import { later } from "@/lib/later";
import { known } from "@/lib/loadable";
import { useOpenOrders } from "@/state/live";

const Ask = lazy(() =>
  later(() => import("@/features/orders/cancel")).then((found) => ({
    default: found.AskCancelAll,
  })),
);

const useAsked = create<{ open: boolean }>(() => ({ open: false }));

export const askCancelAll = (open: boolean): void => useAsked.setState({ open });
const close = (): void => askCancelAll(false);

export function CancelEverything() {
  const { open } = useAsked();
  const orders = known(useOpenOrders());
  if (!open || orders === undefined) return null;
  return (
    <Suspense>
      <Ask symbol="" orders={orders} onClose={close} />
    </Suspense>
  );
}
