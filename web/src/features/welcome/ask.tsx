/** Asks for an address and has a mail sent to it; what is said then is the same for everybody. */
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Frame, TextLink } from "./frame";

export function Ask({
  title,
  words,
  send,
  then,
}: {
  title: string;
  words: ReactNode;
  send: (email: string) => Promise<unknown>;
  then: ReactNode;
}) {
  const sending = useMutation({ mutationFn: send, retry: false });
  const failed = sending.error ? told(sending.error) : null;
  return (
    <Frame title={title}>
      {sending.isSuccess ? (
        <>
          <Notice kind="well" title="Look into your mail">
            If there is a user with the address {sending.variables}, a mail is on its way.
          </Notice>
          <p className="mt-5 text-soft">{then}</p>
          <Button className="mt-5 w-full" onClick={() => sending.reset()}>
            Send it again, or elsewhere
          </Button>
        </>
      ) : (
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            const email = new FormData(event.currentTarget).get("email");
            if (!sending.isPending) sending.mutate(String(email).trim());
          }}
        >
          <p className="text-soft">{words}</p>
          <Field
            label="E-mail"
            name="email"
            type="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            wrong={failed?.field === "email" ? `${failed.wrong} ${failed.right}` : null}
          />
          {failed && failed.field !== "email" && (
            <Notice kind="wrong" title={failed.wrong}>
              {failed.right}
            </Notice>
          )}
          <Button
            type="submit"
            kind="main"
            size="large"
            className="w-full"
            busy={sending.isPending}
          >
            Send the link
          </Button>
        </form>
      )}
      <p className="mt-6 text-center">
        <TextLink to="/sign-in">Sign in with a password</TextLink>
      </p>
    </Frame>
  );
}
