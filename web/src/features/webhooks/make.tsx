/** A new webhook, or another address and other events for one; a secret is shown once. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { changeWebhook, makeWebhook, webhooksChanged } from "@/state/webhooks";
import { Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { KINDS } from "./words";

export function Make({ onDone }: { onDone: () => void }) {
  const making = useMutation({
    mutationFn: makeWebhook,
    retry: false,
    onSettled: () => void webhooksChanged(),
  });
  if (making.data) return <Secret secret={making.data.secret} onDone={onDone} />;
  return (
    <Form
      before={{ url: "", name: "", events: ["order", "fill", "account"] }}
      busy={making.isPending}
      error={making.error}
      word="Make the webhook"
      onSubmit={(wanted) => making.mutate(wanted)}
    />
  );
}

export function Change({ hook, onDone }: { hook: Schemas["Webhook"]; onDone: () => void }) {
  const changing = useMutation({
    mutationFn: (wanted: Wanted) => changeWebhook(hook.id, wanted),
    retry: false,
    onSuccess: async () => {
      await webhooksChanged();
      onDone();
    },
  });
  return (
    <Form
      before={hook}
      busy={changing.isPending}
      error={changing.error}
      word="Change it"
      onSubmit={(wanted) => changing.mutate(wanted)}
    />
  );
}

interface Wanted {
  url: string;
  name: string;
  events: string[];
}

function Form({
  before,
  busy,
  error,
  word,
  onSubmit,
}: {
  before: Wanted;
  busy: boolean;
  error: Error | null;
  word: string;
  onSubmit: (wanted: Wanted) => void;
}) {
  const [url, setUrl] = useState(before.url);
  const [name, setName] = useState(before.name);
  const [events, setEvents] = useState<readonly string[]>(before.events);
  const [tried, setTried] = useState(false);
  const wrong = /^https?:\/\/[^\s]+$/.test(url.trim())
    ? null
    : "Send it to an address such as https://example.com/stockyard.";
  const toggle = (event: string) =>
    setEvents((now) =>
      now.includes(event) ? now.filter((one) => one !== event) : [...now, event],
    );
  const refused = error ? told(error) : null;
  const ofUrl = refused?.field === "url" ? `${refused.wrong}: ${refused.right}` : null;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (wrong === null && events.length > 0 && !busy) {
          onSubmit({ url: url.trim(), name: name.trim(), events: [...events] });
        }
      }}
    >
      <Field
        label="Address"
        type="url"
        value={url}
        maxLength={2000}
        autoComplete="off"
        placeholder="https://example.com/stockyard"
        wrong={tried && wrong !== null ? wrong : ofUrl}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Field
        label="Name"
        value={name}
        maxLength={100}
        autoComplete="off"
        placeholder="My bot"
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="space-y-1">
        <legend className="mb-1.5 font-medium text-[0.8125rem]">It is told of</legend>
        {KINDS.map((one) => (
          <label key={one.value} className="flex min-h-11 items-start gap-3 py-1">
            <input
              type="checkbox"
              checked={events.includes(one.value)}
              onChange={() => toggle(one.value)}
              className="mt-0.5 size-5 accent-(--accent)"
            />
            <span>
              <span className="font-medium">{one.name}</span>
              <span className="block text-[0.8125rem] text-soft">{one.words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {tried && events.length === 0 && (
        <Notice kind="info">Choose at least one thing that it is told of.</Notice>
      )}
      {refused && ofUrl === null && (
        <Notice kind="wrong" title={refused.wrong}>
          {refused.right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={busy}>
        {word}
      </Button>
    </form>
  );
}

export function Secret({ secret, onDone }: { secret: string; onDone: () => void }) {
  return (
    <div className="space-y-4">
      <Notice kind="warn" title="Keep the secret now">
        It is shown this once, and signs every delivery: whoever checks the signature with it knows
        that it came from here.
      </Notice>
      <Copy label="Secret" value={secret} />
      <p className="text-[0.8125rem] text-soft">
        Deliveries are signed as the Standard Webhooks specification says; its libraries take this
        secret as it is.
      </p>
      <Button kind="main" size="large" className="w-full" onClick={onDone}>
        I have kept it
      </Button>
    </div>
  );
}
