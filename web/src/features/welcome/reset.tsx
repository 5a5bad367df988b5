/** A new password in the place of a forgotten one, by a mail's link. */
import { useMutation } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { choosePassword } from "@/state/letters";
import { Button } from "@/ui/button";
import { PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Frame, TextLink } from "./frame";
import { useToken } from "./token";

export default function Reset() {
  const token = useToken();
  const choosing = useMutation({
    mutationFn: (password: string) => choosePassword(token, password),
    retry: false,
  });
  const failed = choosing.error ? told(choosing.error) : null;
  if (!token || failed?.code === "invalid_link") {
    return (
      <Frame title="New password">
        <Notice kind="warn" title="This link does not work.">
          It was used already, is older than 15 minutes, or is not whole.
        </Notice>
        <p className="mt-5">
          <TextLink to="/forgot">Have a new one sent</TextLink>
        </p>
      </Frame>
    );
  }
  if (choosing.isSuccess) {
    return (
      <Frame title="New password">
        <Notice kind="well" title="The password is the new one.">
          Wherever you were signed in, you are no more. API keys go on working.
        </Notice>
        <p className="mt-5">
          <TextLink to="/sign-in">Sign in</TextLink>
        </p>
      </Frame>
    );
  }
  return (
    <Frame title="New password">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          const password = new FormData(event.currentTarget).get("password");
          if (!choosing.isPending) choosing.mutate(String(password));
        }}
      >
        <PasswordField
          label="New password"
          name="password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
          hint="At least 8 characters."
          wrong={failed?.field === "password" ? `${failed.wrong} ${failed.right}` : null}
        />
        {failed && failed.field !== "password" && (
          <Notice kind="wrong" title={failed.wrong}>
            {failed.right}
          </Notice>
        )}
        <Button type="submit" kind="main" size="large" className="w-full" busy={choosing.isPending}>
          Use this password
        </Button>
      </form>
    </Frame>
  );
}
