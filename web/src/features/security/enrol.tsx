/** Setting up a second factor: the password, the picture and a first code, the recovery codes. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { beginSecondFactor, confirmSecondFactor } from "@/state/security";
import { Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import { PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { CodeField, Refused, wrongAt } from "./person";

export function Enrol({ onDone }: { onDone: () => void }) {
  const beginning = useMutation({ mutationFn: beginSecondFactor, retry: false });
  if (beginning.data) return <Scan enrolment={beginning.data} onDone={onDone} />;
  const failed = beginning.error ? told(beginning.error) : null;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const password = String(new FormData(event.currentTarget).get("password"));
        if (!beginning.isPending) beginning.mutate(password);
      }}
    >
      <p className="text-soft">
        You need an authenticator app on your phone, such as Aegis, 2FAS, or the one of your
        password manager.
      </p>
      <PasswordField
        label="Present password"
        name="password"
        autoComplete="current-password"
        required
        wrong={wrongAt(failed, "password")}
      />
      <Refused error={beginning.error} />
      <Button type="submit" kind="main" size="large" className="w-full" busy={beginning.isPending}>
        Go on
      </Button>
    </form>
  );
}

function Scan({ enrolment, onDone }: { enrolment: Schemas["Enrolment"]; onDone: () => void }) {
  const confirming = useMutation({ mutationFn: confirmSecondFactor, retry: false });
  if (confirming.data) return <Recovery codes={confirming.data.codes} onDone={onDone} />;
  const failed = confirming.error ? told(confirming.error) : null;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const code = String(new FormData(event.currentTarget).get("code")).trim();
        if (!confirming.isPending) confirming.mutate(code);
      }}
    >
      <p className="text-soft">Scan this with the app, then type the code that it shows.</p>
      <img
        src={`data:image/svg+xml,${encodeURIComponent(enrolment.qr_svg)}`}
        alt="QR code for the authenticator app"
        width={208}
        height={208}
        className="mx-auto size-52 rounded-lg bg-[#fff] p-2"
      />
      <Copy label="Or type this secret into it" value={enrolment.secret} />
      <CodeField wrong={wrongAt(failed, "code")} />
      <Refused error={confirming.error} />
      <Button type="submit" kind="main" size="large" className="w-full" busy={confirming.isPending}>
        Turn it on
      </Button>
    </form>
  );
}

export function Recovery({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const [copied, setCopied] = useState(false);
  const text = codes.join("\n");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Where the browser does not let us, they can be selected.
    }
  };
  return (
    <div className="space-y-4">
      <Notice kind="warn" title="Keep these recovery codes">
        Each signs you in once when the phone is lost. They are shown this once.
      </Notice>
      <ul className="grid grid-cols-1 gap-x-6 gap-y-1 rounded-lg bg-sunken px-4 py-3 font-mono text-[0.8125rem] sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <Button onClick={copy}>{copied ? "Copied" : "Copy them"}</Button>
        <a
          href={`data:text/plain,${encodeURIComponent(`${text}\n`)}`}
          download="stockyard-recovery-codes.txt"
          className="inline-flex min-h-10 items-center rounded-lg border border-line bg-surface px-3.5 font-medium hover:bg-sunken"
        >
          Save as a file
        </a>
      </div>
      <Button kind="main" size="large" className="w-full" onClick={onDone}>
        I have kept them
      </Button>
    </div>
  );
}
