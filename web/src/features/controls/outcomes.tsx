/** Planned outcomes: what the next orders will meet. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Card, Empty } from "@/ui/card";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { outcomes, useAct } from "./asked";
import { Act, Line, Refusal } from "./parts";
import { outcomeWords, whichOrders } from "./words";

type Body = Schemas["OutcomeBody"];
type Kind = Body["outcome"];

const KINDS: readonly { value: Kind; label: string }[] = [
  { value: "deny", label: "Deny it" },
  { value: "reject", label: "The venue rejects it" },
  { value: "fill", label: "Fill it, whole or in part" },
  { value: "delay", label: "Delay it" },
  { value: "hold", label: "Hold it in pending_new" },
  { value: "expire", label: "Let it expire" },
  { value: "cancel", label: "The venue cancels it" },
];
const THEN: readonly { value: NonNullable<Body["then"]>; label: string }[] = [
  { value: "wait", label: "waits until it is released" },
  { value: "cancel", label: "is canceled" },
  { value: "work", label: "goes on to work" },
];

export function OutcomesCard() {
  const use = useAct();
  const [kind, setKind] = useState<Kind>("reject");
  const [symbol, setSymbol] = useState("");
  const [name, setName] = useState("");
  const [reason, setReason] = useState("exceeds_buying_power");
  const [qty, setQty] = useState("");
  const [price, setPrice] = useState("");
  const [then, setThen] = useState<NonNullable<Body["then"]>>("wait");
  const [delay, setDelay] = useState("1000");
  const delayed = kind === "delay" || kind === "expire" || kind === "cancel";
  const body: Body = {
    outcome: kind,
    symbol: symbol.trim() || null,
    client_order_id_prefix: name.trim() || null,
    reason: kind === "deny" ? reason.trim() : null,
    qty: kind === "fill" ? qty.trim() || null : null,
    price: kind === "fill" ? price.trim() || null : null,
    ...(kind === "fill" && { then }),
    delay_ms: delayed && delay.trim() !== "" ? Number(delay) : null,
  };
  return (
    <Card title="The next order">
      <div className="space-y-4">
        <Select label="What happens to it" options={KINDS} value={kind} onChange={setKind} />
        {kind === "deny" && (
          <Field
            label="Reason"
            hint="The word of any rule."
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        {kind === "fill" && (
          <>
            <div className="grid grid-cols-2 gap-3">
              <Field
                label="At most"
                inputMode="decimal"
                placeholder="all of it"
                value={qty}
                onChange={(event) => setQty(event.target.value)}
              />
              <Field
                label="At the price"
                inputMode="decimal"
                placeholder="the market's"
                value={price}
                onChange={(event) => setPrice(event.target.value)}
              />
            </div>
            <Select label="What is left" options={THEN} value={then} onChange={setThen} />
          </>
        )}
        {delayed && (
          <Field
            label="After milliseconds"
            inputMode="numeric"
            value={delay}
            onChange={(event) => setDelay(event.target.value)}
          />
        )}
        <div className="grid grid-cols-2 gap-3">
          <Field
            label="Only in"
            placeholder="any symbol"
            value={symbol}
            onChange={(event) => setSymbol(event.target.value)}
          />
          <Field
            label="Named, from its beginning"
            placeholder="any order"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <Act
          use={use}
          name="Plan it"
          work={() => call(api.POST("/api/v1/sim/outcomes", { body }))}
        />
        <Refusal use={use} />
      </div>
      <Planned />
    </Card>
  );
}

function Planned() {
  const use = useAct();
  const { data = [] } = useQuery(outcomes);
  return (
    <div className="-mx-4 -mb-4 mt-4 border-line border-t">
      {data.length === 0 ? (
        <Empty title="Orders go their way">What is planned stands here with whom it met.</Empty>
      ) : (
        <ul>
          {[...data].reverse().map((one) => {
            const met = one.used.at(-1)?.order_id ?? null;
            return (
              <Line
                key={one.id}
                what={outcomeWords(one)}
                of={
                  <>
                    {whichOrders(one)}
                    {met !== null && (
                      <>
                        {" · "}
                        <Link to="/orders/$" params={{ _splat: met }} className="underline">
                          met this order
                        </Link>
                      </>
                    )}
                  </>
                }
                end={
                  one.over ? (
                    <Release id={one.outcome === "deny" ? null : met} held={one} />
                  ) : (
                    <Act
                      use={use}
                      name={`Forget ${one.id}`}
                      work={() =>
                        call(
                          api.DELETE("/api/v1/sim/outcomes/{outcome_id}", {
                            params: { path: { outcome_id: String(one.id) } },
                          }),
                        )
                      }
                    />
                  )
                }
              />
            );
          })}
        </ul>
      )}
      <Refusal use={use} />
    </div>
  );
}

/** What is held waits for this. */
function Release({ id, held }: { id: string | null; held: Schemas["Outcome"] }) {
  const use = useAct();
  const waits = held.outcome === "hold" || (held.outcome === "fill" && held.then === "wait");
  if (id === null || !waits) return <span className="text-[0.8125rem] text-soft">used</span>;
  return (
    <div className="text-right">
      <Act
        use={use}
        name="Release"
        work={() =>
          call(
            api.POST("/api/v1/sim/orders/{order_id}/release", {
              params: { path: { order_id: id } },
            }),
          )
        }
      />
      {use.problem && <p className="mt-1 text-[0.8125rem] text-soft">{use.problem.wrong}</p>}
    </div>
  );
}
