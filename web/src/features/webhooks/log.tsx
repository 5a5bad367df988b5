/** What a webhook was told, newest first, and what became of it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { moment, number, when } from "@/lib/format";
import { say } from "@/state/notices";
import { sendAgain, webhookLog, webhooksChanged } from "@/state/webhooks";
import { Button } from "@/ui/button";
import { Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { DELIVERY } from "./words";

type Delivery = Schemas["WebhookDelivery"];

export function Log({ hook }: { hook: Schemas["Webhook"] }) {
  const { data, error } = useQuery(webhookLog(hook.id));
  if (data === undefined) {
    return error ? (
      <Empty title={told(error).wrong}>{told(error).right}</Empty>
    ) : (
      <Waiting className="mt-2 h-24" />
    );
  }
  if (data.deliveries.length === 0) {
    return <Empty title="Nothing was sent yet">Send a test to see it come.</Empty>;
  }
  return (
    <ul className="mt-2" aria-label="Deliveries">
      {data.deliveries.map((one) => (
        <Line key={one.id} hook={hook.id} one={one} />
      ))}
      {data.next !== null && (
        <li className="pt-2 text-soft text-xs">
          The newest {number(`${data.deliveries.length}`)}.
        </li>
      )}
    </ul>
  );
}

function Line({ hook, one }: { hook: string; one: Delivery }) {
  const [open, setOpen] = useState(false);
  const again = useMutation({
    mutationFn: () => sendAgain(hook, one.id),
    retry: false,
    onError: (error) => say("wrong", told(error).wrong, told(error).right),
    onSuccess: () => webhooksChanged(),
  });
  const { word, look } = DELIVERY[one.state];
  const answer = one.status === null ? one.error : `${one.status}${one.error ? "" : " in "}`;
  return (
    <li className="border-line/60 border-b py-2 last:border-b-0">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <div className="min-w-0">
          <p className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-medium">{one.event}</span>
            <span className={classes("text-xs", look)}>{word}</span>
          </p>
          <p className="tabular text-soft text-xs">
            {moment(one.created_at)}
            {one.attempts > 0 &&
              ` · ${number(`${one.attempts}`)} ${one.attempts === 1 ? "try" : "tries"}`}
            {answer && ` · ${answer}${one.error ? "" : `${number(`${one.took_ms}`)} ms`}`}
            {one.due_at && one.attempts > 0 && ` · next ${when(one.due_at)}`}
          </p>
        </div>
        <div className="flex gap-1">
          <Button
            size="small"
            kind="quiet"
            className="max-lg:min-h-11"
            aria-expanded={open}
            aria-label={`${open ? "Hide" : "Show"} ${one.event}`}
            onClick={() => setOpen(!open)}
          >
            {open ? "Hide" : "Show"}
          </Button>
          {one.state !== "waiting" && (
            <Button
              size="small"
              kind="quiet"
              className="max-lg:min-h-11"
              busy={again.isPending}
              aria-label={`Send again: ${one.event}`}
              onClick={() => again.mutate()}
            >
              Send again
            </Button>
          )}
        </div>
      </div>
      {open && (
        <>
          {one.error && <p className="mt-1 break-words text-[0.8125rem] text-down">{one.error}</p>}
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: who cannot point scrolls it by keys
            tabIndex={0}
            className="mt-2 max-h-72 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs"
          >
            {pretty(one.body)}
          </pre>
        </>
      )}
    </li>
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
