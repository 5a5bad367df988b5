/** Sign in. Leaving the page when it worked is the router's part. */
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Told, told } from "@/api/problem";
import { house } from "@/state/queries";
import { signIn, useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Field, PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Demo, Frame, TextLink } from "./frame";

export default function SignIn() {
  const { data } = useQuery(house);
  const search = useSearch({ strict: false });
  const notice = useSession((session) => session.notice);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Told | null>(null);
  const [coded, setCoded] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFailed(null);
    try {
      const code = String(form.get("code") ?? "").trim();
      await signIn(String(form.get("email")).trim(), String(form.get("password")), code);
    } catch (error) {
      const problem = told(error);
      const asked = problem.code === "second_factor_required" && !coded;
      setFailed(asked ? null : problem);
      setCoded(coded || asked);
      setBusy(false);
    }
  };

  return (
    <Frame title="Sign in">
      {notice && !failed && (
        <Notice kind="warn" className="mb-5">
          {notice}
        </Notice>
      )}
      <form onSubmit={submit} className="space-y-4">
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
        <PasswordField label="Password" name="password" autoComplete="current-password" required />
        {coded && (
          <Field
            label="Code of your authenticator app"
            name="code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            required
            autoFocus
            wrong={failed?.field === "code" ? `${failed.wrong} ${failed.right}` : null}
            hint="Or one of your recovery codes."
          />
        )}
        {failed && failed.field !== "code" && (
          <Notice kind="wrong" title={failed.wrong}>
            {failed.right}
          </Notice>
        )}
        <Button type="submit" kind="main" size="large" className="w-full" busy={busy}>
          Sign in
        </Button>
      </form>
      {data?.mail && (
        <p className="mt-4 flex flex-wrap justify-between gap-x-4">
          <TextLink to="/by-mail">Sign in by a link in a mail</TextLink>
          <TextLink to="/forgot">Forgot the password?</TextLink>
        </p>
      )}
      <Demo />
      {data && data.sign_up !== "closed" && (
        <p className="mt-8 text-center text-soft">
          New here?{" "}
          <Link
            to="/sign-up"
            search={search}
            className="font-medium text-accent underline underline-offset-4"
          >
            Open an account
          </Link>
        </p>
      )}
    </Frame>
  );
}
