/** What is asked before a price is changed, and what is said when it could not be. */
import { useEffect, useRef } from "react";
import { price, quantity } from "@/lib/format";
import type { Order } from "@/state/folds";
import { isPending } from "@/state/submit";
import { Button } from "@/ui/button";
import { SubmitButton } from "@/ui/submit_button";
import { leave, type Move, send } from "../moves";
import { nameOf } from "./chips";

export function Ask({ order, move, focus }: { order: Order; move: Move; focus: boolean }) {
  const place = useRef<HTMLFieldSetElement>(null);
  const { id, which, from, submit } = move;
  const denied = move.is === "sent" && submit.is === "denied" ? submit.problem : null;
  useEffect(() => {
    if (focus) place.current?.querySelector("button")?.focus();
  }, [focus]);
  useEffect(() => {
    const out = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || (move.is === "sent" && denied === null)) return;
      event.preventDefault();
      leave(id, which);
    };
    addEventListener("keydown", out, true);
    return () => removeEventListener("keydown", out, true);
  }, [id, which, move.is, denied]);
  return (
    <fieldset
      ref={place}
      className="appear flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-raised p-2 pl-4 shadow-float"
    >
      <legend className="sr-only">Change of an order</legend>
      {denied ? (
        <p role="alert" className="min-w-48 flex-1 text-[0.8125rem]">
          <span className="font-semibold text-down">Not moved. {denied.wrong}</span> {denied.right}
        </p>
      ) : (
        <p className="min-w-48 flex-1">
          {nameOf(order, which)} {quantity(order.qty)} {order.symbol}:{" "}
          <span className="tabular text-soft line-through">{price(from)}</span>{" "}
          <span className="tabular font-semibold">{price(move.price)}</span>
        </p>
      )}
      <div className="flex items-start gap-2">
        {denied ? null : (
          <SubmitButton
            size="medium"
            state={move.is === "sent" ? submit : { is: "ready" }}
            label={`Move to ${price(move.price)}`}
            words={{ done: "Moved" }}
            onPress={() => send(id, which)}
          />
        )}
        {!(move.is === "sent" && (isPending(submit) || submit.is === "done")) && (
          <Button onClick={() => leave(id, which)}>{denied ? "Close" : "Leave it"}</Button>
        )}
      </div>
    </fieldset>
  );
}
