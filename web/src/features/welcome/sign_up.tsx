/** Sign up: a user with a first account, signed in at once. */
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Told, told } from "@/api/problem";
import { money } from "@/lib/format";
import { house } from "@/state/queries";
import { signUp } from "@/state/session";
import { Button } from "@/ui/button";
import { Field, PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Demo, Frame } from "./frame";

const FIELDS = new Set(["name", "email", "password"]);

export default function SignUp() {
  const { data } = useQuery(house);
  const search = useSearch({ strict: false });
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Told | null>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    setBusy(true);
    setFailed(null);
    try {
      await signUp(text("name").trim(), text("email").trim(), text("password"));
    } catch (error) {
      setFailed(told(error));
      setBusy(false);
    }
  };
  const wrong = (name: string) =>
    failed?.field === name ? `${failed.wrong} ${failed.right}` : null;

  return (
    <Frame title="Open an account">
      {data && !data.registration && (
        <Notice kind="warn" title="Nobody can sign up here by themselves." className="mb-5">
          Ask whoever runs this Stockyard for a user.
        </Notice>
      )}
      <form onSubmit={submit} className="space-y-4">
        <Field
          label="Name"
          name="name"
          autoComplete="name"
          maxLength={100}
          required
          wrong={wrong("name")}
        />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          wrong={wrong("email")}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
          hint="At least 8 characters."
          wrong={wrong("password")}
        />
        {failed && !FIELDS.has(failed.field ?? "") && (
          <Notice kind="wrong" title={failed.wrong}>
            {failed.right}
          </Notice>
        )}
        <Button type="submit" kind="main" size="large" className="w-full" busy={busy}>
          Open the account
        </Button>
        {data && (
          <p className="text-center text-[0.8125rem] text-soft">
            You begin with {money(data.starting_cash)} of play money.
          </p>
        )}
      </form>
      <Demo />
      <p className="mt-8 text-center text-soft">
        Have one already?{" "}
        <Link
          to="/sign-in"
          search={search}
          className="font-medium text-accent underline underline-offset-4"
        >
          Sign in
        </Link>
      </p>
    </Frame>
  );
}
