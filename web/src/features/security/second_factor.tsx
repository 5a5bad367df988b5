/** The second factor: whether there is one, and turning it on and off. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { moment } from "@/lib/format";
import { say } from "@/state/notices";
import { queryClient } from "@/state/queries";
import { disableSecondFactor, renewRecoveryCodes, secondFactor } from "@/state/security";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Enrol, Recovery } from "./enrol";
import { PersonFields, personOf, Refused } from "./person";

type Asked = "enrol" | "renew" | "disable";
const FEW = 3;
const again = () => queryClient.invalidateQueries({ queryKey: secondFactor.queryKey });

export function SecondFactor() {
  const { data, error } = useQuery(secondFactor);
  const [asked, setAsked] = useState<Asked | null>(null);
  const done = () => {
    setAsked(null);
    void again();
  };
  return (
    <Card title="Second factor">
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="h-24" />
      ) : data.enabled ? (
        <On factor={data} onAsk={setAsked} />
      ) : (
        <Off onAsk={setAsked} />
      )}
      <Dialog open={asked === "enrol"} onClose={done} title="Set up a second factor">
        <Enrol onDone={done} />
      </Dialog>
      <Dialog open={asked === "renew"} onClose={done} title="New recovery codes">
        <Renew onDone={done} />
      </Dialog>
      <Dialog open={asked === "disable"} onClose={done} title="Turn the second factor off?">
        <Disable onDone={done} />
      </Dialog>
    </Card>
  );
}

function Off({ onAsk }: { onAsk: (asked: Asked) => void }) {
  return (
    <>
      <p className="mb-3 max-w-prose text-pretty text-soft">
        With a second factor, whoever learns your password still cannot sign in: a code of an
        authenticator app on your phone is asked for too.
      </p>
      <Button kind="main" onClick={() => onAsk("enrol")}>
        <Icon name="shield" className="size-5" />
        Set it up
      </Button>
    </>
  );
}

function On({ factor, onAsk }: { factor: Schemas["SecondFactor"]; onAsk: (asked: Asked) => void }) {
  const left = factor.recovery_codes_left;
  return (
    <>
      <p className="flex items-center gap-2 font-medium">
        <Icon name="check" className="text-up" />
        On since {moment(factor.enabled_at)}
      </p>
      <p className="mt-1 mb-3 text-soft">
        {left === 1 ? "One recovery code is left." : `${left} recovery codes are left.`}
      </p>
      {left < FEW && (
        <Notice kind="warn" className="mb-3">
          Make new recovery codes: without them a lost phone locks you out.
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => onAsk("renew")}>New recovery codes</Button>
        <Button kind="danger" onClick={() => onAsk("disable")}>
          Turn it off
        </Button>
      </div>
    </>
  );
}

function Renew({ onDone }: { onDone: () => void }) {
  const renewing = useMutation({ mutationFn: renewRecoveryCodes, retry: false });
  if (renewing.data) return <Recovery codes={renewing.data.codes} onDone={onDone} />;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!renewing.isPending) renewing.mutate(personOf(new FormData(event.currentTarget)));
      }}
    >
      <p className="text-soft">The codes you have now stop working.</p>
      <PersonFields error={renewing.error} />
      <Refused error={renewing.error} />
      <Button type="submit" kind="main" size="large" className="w-full" busy={renewing.isPending}>
        {renewing.isPending ? "Making…" : "Make new codes"}
      </Button>
    </form>
  );
}

function Disable({ onDone }: { onDone: () => void }) {
  const disabling = useMutation({
    mutationFn: disableSecondFactor,
    retry: false,
    onSuccess: () => {
      say("info", "The second factor is off", "Sign-ins need the password alone.");
      onDone();
    },
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabling.isPending) disabling.mutate(personOf(new FormData(event.currentTarget)));
      }}
    >
      <p className="text-soft">Whoever knows your password can then sign in.</p>
      <PersonFields error={disabling.error} />
      <Refused error={disabling.error} />
      <Button
        type="submit"
        kind="danger"
        size="large"
        className="w-full"
        busy={disabling.isPending}
      >
        {disabling.isPending ? "Turning off…" : "Turn it off"}
      </Button>
    </form>
  );
}
