/** The way to a first trade, step by step, beside whatever is on the screen. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { openFinder } from "@/state/finder";
import { onAccountFrame } from "@/state/live";
import { say } from "@/state/notices";
import { orders } from "@/state/queries";
import { openTicket } from "@/state/ticket";
import { beginTour, leaveTour, reach, type Step, useTour } from "@/state/tour";
import { Button, IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";

const THUMB = "max-sm:min-h-11";

/** Begins it for whoever has never placed an order. */
function useFirstRun(): void {
  const step = useTour((tour) => tour.step);
  const { data } = useQuery({ ...orders({ status: "all", limit: 1 }), enabled: step === null });
  useEffect(() => {
    if (step === null && data?.length === 0) beginTour();
  }, [step, data]);
}

function useProgress(symbol: string | undefined): void {
  const step = useTour((tour) => tour.step);
  useEffect(() => {
    if (step === 1 && symbol !== undefined) reach(2);
  }, [step, symbol]);
  useEffect(
    () =>
      onAccountFrame((frame, book) => {
        const fill = book.fills[0];
        if (frame.type === "fill" && fill) reach(4, fill.order_id);
      }),
    [],
  );
}

/** `symbol`: the one that is looked at. */
export function Tour({ symbol }: { symbol: string | undefined }) {
  useFirstRun();
  useProgress(symbol);
  const { step, order } = useTour();
  const go = useNavigate();
  if (typeof step !== "number") return null;
  const buy = () =>
    openTicket({ ...(symbol && { symbol }), side: "buy", type: "market", qty: "1" });
  if (step === 1 || (step === 2 && symbol === undefined)) {
    return (
      <Card
        step={1}
        title="Choose something to trade"
        words="The money is play money. Orders fill by the rules of real venues."
      >
        <Button kind="main" size="small" className={THUMB} onClick={() => openFinder()}>
          Search
        </Button>
        <Button size="small" className={THUMB} onClick={() => void go({ to: "/markets" })}>
          See all
        </Button>
      </Card>
    );
  }
  if (step === 2) {
    return (
      <Card
        step={2}
        title="Look at its price"
        words="You buy at the ask and sell at the bid. What lies between is the spread: the price of being in a hurry."
      >
        <Button
          kind="main"
          size="small"
          className={THUMB}
          onClick={() => {
            reach(3);
            buy();
          }}
        >
          Buy one
        </Button>
      </Card>
    );
  }
  if (step === 3) {
    return (
      <Card
        step={3}
        title="Send the order"
        words="The ticket says what it will cost. Review it, then send it: it is acknowledged once it is safe on disk."
      >
        <Button size="small" className={THUMB} onClick={buy}>
          Open the ticket
        </Button>
      </Card>
    );
  }
  return (
    <Card
      step={4}
      title="It is filled"
      words="Every fill says which quote it saw and which rule made it. Read why yours got its price."
    >
      <Button
        kind="main"
        size="small"
        className={THUMB}
        onClick={() => {
          leaveTour();
          say("well", "That was your first trade", "The key ? lists what the others do.");
          void go(order ? { to: "/orders/$id", params: { id: order } } : { to: "/orders" });
        }}
      >
        See why
      </Button>
    </Card>
  );
}

function Card(said: { step: Step; title: string; words: string; children: ReactNode }) {
  return (
    <section
      aria-label={`First trade, step ${said.step} of 4`}
      className="border-line border-b bg-accent-wash px-4 py-2.5 lg:px-6"
    >
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-4 gap-y-2 sm:flex-nowrap">
        <Dots step={said.step} />
        <div role="status" className="min-w-0 flex-1 basis-56">
          <p className="font-semibold">
            <span className="font-normal text-soft sm:hidden">{said.step} of 4 · </span>
            {said.title}
          </p>
          <p className="text-[0.8125rem]">{said.words}</p>
        </div>
        <div className="flex items-center gap-2 max-sm:w-full">
          {said.children}
          <IconButton label="Leave the tour" className="ml-auto max-sm:size-11" onClick={leaveTour}>
            <Icon name="close" className="size-4" />
          </IconButton>
        </div>
      </div>
    </section>
  );
}

function Dots({ step }: { step: Step }) {
  return (
    <span aria-hidden="true" className="flex gap-1.5 max-sm:hidden">
      {[1, 2, 3, 4].map((one) => (
        <span
          key={one}
          className={classes("h-1.5 w-5 rounded-full", one <= step ? "bg-accent" : "bg-line")}
        />
      ))}
    </span>
  );
}
