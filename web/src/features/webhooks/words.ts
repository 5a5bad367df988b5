import type { Schemas } from "@/api/client";

/** The kinds of events, as they are chosen here; single ones are for who asks the API. */
export const KINDS = [
  { value: "order", name: "Orders", words: "Accepted, changed, canceled, expired, rejected." },
  { value: "fill", name: "Fills", words: "Each execution, with its price and fees." },
  { value: "account", name: "Account", words: "Cash in and out, interest, margin calls, resets." },
  { value: "request", name: "Refused requests", words: "What was denied, and by which rule." },
] as const;

/** What a webhook is told of, in a few words. */
export function eventWords(events: readonly string[]): string {
  const names = KINDS.filter((one) => events.includes(one.value)).map((one) => one.name);
  const single = events.filter((one) => one.includes("."));
  return [...names, ...single].join(", ");
}

export const STATES: Readonly<Record<Schemas["Webhook"]["state"], { word: string; look: string }>> =
  {
    active: { word: "On", look: "bg-up-wash text-up" },
    paused: { word: "Off", look: "bg-sunken text-soft" },
    disabled: { word: "Switched off by us", look: "bg-down-wash text-down" },
  };

export const DELIVERY: Readonly<
  Record<Schemas["WebhookDelivery"]["state"], { word: string; look: string }>
> = {
  waiting: { word: "Waiting", look: "text-warn" },
  delivered: { word: "Taken", look: "text-up" },
  failed: { word: "Given up", look: "text-down" },
};
