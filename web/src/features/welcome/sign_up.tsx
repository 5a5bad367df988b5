/** Sign up: at once, by a link in a mail, or not by oneself; the server says which. */
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Told, told } from "@/api/problem";
import { money } from "@/lib/format";
import { askToJoin } from "@/state/letters";
import { house } from "@/state/queries";
import { signUp } from "@/state/session";
import { Button } from "@/ui/button";
import { Waiting } from "@/ui/card";
import { Field, PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Demo, Frame } from "./frame";

export default function SignUp() {
  const { data, isPending } = useQuery(house);
  const search = useSearch({ strict: false });
  return (
    <Frame title="Open an account">
      {isPending ? (
        <Waiting className="h-64" />
      ) : data?.sign_up === "closed" ? (
        <Notice kind="info" title="Nobody can sign up here by themselves.">
          Ask whoever runs this Stockyard: they can add you, and give you a link with which you
          choose a password.
        </Notice>
      ) : data?.sign_up === "confirmed" ? (
        <ByMail cash={data.starting_cash} />
      ) : (
        <AtOnce cash={data?.starting_cash} />
      )}
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

/** Name and address, whatever else is asked for, and what went wrong with any of it. */
function Form({
  send,
  label,
  cash,
  children,
}: {
  send: (said: FormData) => Promise<void>;
  label: string;
  cash: string | undefined;
  children?: (wrong: (name: string) => string | null) => ReactNode;
}) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Told | null>(null);
  const submit = async (said: FormData) => {
    setBusy(true);
    setFailed(null);
    try {
      await send(said);
    } catch (error) {
      setFailed(told(error));
      setBusy(false);
    }
  };
  const wrong = (name: string) =>
    failed?.field === name ? `${failed.wrong} ${failed.right}` : null;
  const shown = failed?.field && ["name", "email", children && "password"].includes(failed.field);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void submit(new FormData(event.currentTarget));
      }}
    >
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
      {children?.(wrong)}
      {failed && !shown && (
        <Notice kind="wrong" title={failed.wrong}>
          {failed.right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={busy}>
        {label}
      </Button>
      {cash && (
        <p className="text-center text-[0.8125rem] text-soft">
          You begin with {money(cash)} of play money.
        </p>
      )}
    </form>
  );
}

const text = (said: FormData, name: string) => String(said.get(name) ?? "");

function AtOnce({ cash }: { cash: string | undefined }) {
  return (
    <Form
      label="Open the account"
      cash={cash}
      send={(said) =>
        signUp(text(said, "name").trim(), text(said, "email").trim(), text(said, "password"))
      }
    >
      {(wrong) => (
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
      )}
    </Form>
  );
}

function ByMail({ cash }: { cash: string }) {
  const [sent, setSent] = useState("");
  if (sent) {
    return (
      <>
        <Notice kind="well" title="Look into your mail">
          A mail is on its way to {sent}. The link in it goes on from here; it works once, within 24
          hours.
        </Notice>
        <Button className="mt-5 w-full" onClick={() => setSent("")}>
          Send it again, or elsewhere
        </Button>
      </>
    );
  }
  return (
    <>
      <p className="mb-4 text-soft">
        You get a mail with a link, which shows that the address is yours. There you choose a
        password.
      </p>
      <Form
        label="Send the link"
        cash={cash}
        send={async (said) => {
          const email = text(said, "email").trim();
          await askToJoin(text(said, "name").trim(), email);
          setSent(email);
        }}
      />
    </>
  );
}
