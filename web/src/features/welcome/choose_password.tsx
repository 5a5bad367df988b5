/** What a mail's link to a password comes to: the form for a new one, or that the link is no good. */
import type { UseMutationResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import type { Chosen } from "@/state/letters";
import { Button } from "@/ui/button";
import { PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Frame } from "./frame";
import { useToken } from "./token";

export function ChoosePassword({
  title,
  label,
  words,
  act,
  lives,
  instead,
  choosing,
}: {
  title: string;
  label: string;
  words?: string;
  act: string;
  /** How long the link works. */
  lives: string;
  /** Where to go with a link that does not work. */
  instead: ReactNode;
  choosing: UseMutationResult<unknown, Error, Chosen>;
}) {
  const token = useToken();
  const failed = choosing.error ? told(choosing.error) : null;
  if (!token || failed?.code === "invalid_link") {
    return (
      <Frame title={title}>
        <Notice kind="warn" title="This link does not work.">
          It was used already, is older than {lives}, or is not whole.
        </Notice>
        <p className="mt-5 flex flex-wrap justify-between gap-x-4">{instead}</p>
      </Frame>
    );
  }
  return (
    <Frame title={title}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          const password = new FormData(event.currentTarget).get("password");
          if (!choosing.isPending) choosing.mutate({ token, password: String(password) });
        }}
      >
        {words && <p className="text-soft">{words}</p>}
        <PasswordField
          label={label}
          name="password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
          autoFocus
          hint="At least 8 characters."
          wrong={failed?.field === "password" ? `${failed.wrong} ${failed.right}` : null}
        />
        {failed && failed.field !== "password" && (
          <Notice kind="wrong" title={failed.wrong}>
            {failed.right}
          </Notice>
        )}
        <Button type="submit" kind="main" size="large" className="w-full" busy={choosing.isPending}>
          {act}
        </Button>
      </form>
    </Frame>
  );
}
