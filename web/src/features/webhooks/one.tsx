/** One webhook: how it does, what can be done with it, and its log. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { number, when } from "@/lib/format";
import { say } from "@/state/notices";
import {
  changeWebhook,
  deleteWebhook,
  renewSecret,
  sendTest,
  webhooksChanged,
} from "@/state/webhooks";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { Log } from "./log";
import { Change, Secret } from "./make";
import { eventWords, STATES } from "./words";

type Hook = Schemas["Webhook"];
type Asked = "change" | "secret" | "delete";

const refused = (error: Error) => say("wrong", told(error).wrong, told(error).right);

export function One({ hook }: { hook: Hook }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [open, setOpen] = useState(false);
  const close = () => setAsked(null);
  const testing = useMutation({
    mutationFn: () => sendTest(hook.id),
    retry: false,
    onError: refused,
    onSuccess: () => {
      setOpen(true);
      void webhooksChanged();
    },
  });
  const switching = useMutation({
    mutationFn: () => changeWebhook(hook.id, { active: hook.state !== "active" }),
    retry: false,
    onError: refused,
    onSuccess: () => webhooksChanged(),
  });
  const name = hook.name || hook.url;
  return (
    <Card>
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold text-[0.9375rem]">
            {hook.name || "Webhook"}
            <span
              className={classes(
                "rounded px-1.5 py-px font-normal text-xs",
                STATES[hook.state].look,
              )}
            >
              {STATES[hook.state].word}
            </span>
          </h2>
          <p className="break-all font-mono text-[0.8125rem] text-soft">{hook.url}</p>
          <p className="text-[0.8125rem] text-soft">{eventWords(hook.events)}</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            size="small"
            className="max-lg:min-h-11"
            busy={testing.isPending}
            aria-label={`Send a test to ${name}`}
            onClick={() => testing.mutate()}
          >
            Send a test
          </Button>
          <Button
            size="small"
            className="max-lg:min-h-11"
            busy={switching.isPending}
            aria-label={`${hook.state === "active" ? "Switch off" : "Switch on"}: ${name}`}
            onClick={() => switching.mutate()}
          >
            {hook.state === "active" ? "Switch off" : "Switch on"}
          </Button>
        </div>
      </div>
      {hook.state === "disabled" && (
        <Notice kind="warn" className="mt-3" title="Nothing is sent any more">
          {hook.reason}. What happens meanwhile is kept, and sent once it is switched on again.
        </Notice>
      )}
      {hook.state === "active" && hook.failures > 0 && (
        <Notice kind="warn" className="mt-3">
          {number(`${hook.failures}`)} {hook.failures === 1 ? "try" : "tries"} failed in a row
          {hook.rests_until && `; the next is ${when(hook.rests_until)}`}.
        </Notice>
      )}
      <div className="mt-3 flex flex-wrap items-center gap-x-1 gap-y-2 border-line/60 border-t pt-2">
        <Button
          size="small"
          kind="quiet"
          className="max-lg:min-h-11"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Hide the log" : "Log"}
          {hook.waiting > 0 && ` · ${number(`${hook.waiting}`)} waiting`}
        </Button>
        <Button
          size="small"
          kind="quiet"
          className="max-lg:min-h-11"
          onClick={() => setAsked("change")}
        >
          Change
        </Button>
        <Button
          size="small"
          kind="quiet"
          className="max-lg:min-h-11"
          onClick={() => setAsked("secret")}
        >
          New secret
        </Button>
        <Button
          size="small"
          kind="quiet"
          className="max-lg:min-h-11"
          onClick={() => setAsked("delete")}
        >
          Delete
        </Button>
      </div>
      {open && <Log hook={hook} />}
      {asked === "change" && (
        <Dialog open onClose={close} title="Change the webhook">
          <Change hook={hook} onDone={close} />
        </Dialog>
      )}
      {asked === "secret" && <Renew hook={hook} onDone={close} />}
      {asked === "delete" && <Delete hook={hook} name={name} onDone={close} />}
    </Card>
  );
}

function Renew({ hook, onDone }: { hook: Hook; onDone: () => void }) {
  const renewing = useMutation({ mutationFn: () => renewSecret(hook.id), retry: false });
  const asks = renewing.data === undefined;
  return (
    <Dialog
      open
      onClose={onDone}
      title={asks ? "Make another secret?" : "New secret"}
      foot={
        asks && (
          <>
            <Button onClick={onDone}>Keep this one</Button>
            <Button kind="main" busy={renewing.isPending} onClick={() => renewing.mutate()}>
              Make another
            </Button>
          </>
        )
      }
    >
      {asks ? (
        <p className="text-soft">
          What is sent from then on is signed with the new one; the last one counts no more.
        </p>
      ) : (
        <Secret secret={renewing.data.secret} onDone={onDone} />
      )}
      {renewing.error && (
        <Notice kind="wrong" className="mt-3" title={told(renewing.error).wrong}>
          {told(renewing.error).right}
        </Notice>
      )}
    </Dialog>
  );
}

function Delete({ hook, name, onDone }: { hook: Hook; name: string; onDone: () => void }) {
  const deleting = useMutation({
    mutationFn: () => deleteWebhook(hook.id),
    onSuccess: async () => {
      await webhooksChanged();
      say("info", `${name} is deleted`);
      onDone();
    },
  });
  return (
    <Dialog
      open
      onClose={onDone}
      title="Delete the webhook?"
      foot={
        <>
          <Button onClick={onDone}>Keep it</Button>
          <Button kind="danger" busy={deleting.isPending} onClick={() => deleting.mutate()}>
            Delete
          </Button>
        </>
      }
    >
      <p className="text-soft">
        Its log goes with it, and so does what waits to be sent. Switched off instead, it keeps
        both.
      </p>
      {deleting.error && (
        <Notice kind="wrong" className="mt-3" title={told(deleting.error).wrong}>
          {told(deleting.error).right}
        </Notice>
      )}
    </Dialog>
  );
}
