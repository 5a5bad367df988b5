/** A sign-up is finished by the link that was sent: a password, and one is in. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { finishSignUp } from "@/state/letters";
import { Button } from "@/ui/button";
import { PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Frame, TextLink } from "./frame";
import { useToken } from "./token";

export default function Finish() {
  const token = useToken();
  const navigate = useNavigate();
  const finishing = useMutation({
    mutationFn: (password: string) => finishSignUp(token, password),
    retry: false,
    onSuccess: () => navigate({ to: "/", replace: true }),
  });
  const failed = finishing.error ? told(finishing.error) : null;
  if (!token || failed?.code === "invalid_link") {
    return (
      <Frame title="Open an account">
        <Notice kind="warn" title="This link does not work.">
          It was used already, is older than 24 hours, or is not whole.
        </Notice>
        <p className="mt-5 flex flex-wrap justify-between gap-x-4">
          <TextLink to="/sign-up">Have a new one sent</TextLink>
          <TextLink to="/sign-in">Sign in</TextLink>
        </p>
      </Frame>
    );
  }
  return (
    <Frame title="Open an account">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          const password = new FormData(event.currentTarget).get("password");
          if (!finishing.isPending) finishing.mutate(String(password));
        }}
      >
        <p className="text-soft">Your address is confirmed. Choose a password, and you are in.</p>
        <PasswordField
          label="Password"
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
        <Button
          type="submit"
          kind="main"
          size="large"
          className="w-full"
          busy={finishing.isPending}
        >
          Open the account
        </Button>
      </form>
    </Frame>
  );
}
