/** A sign-up is finished by the link that was sent: a password, and one is in. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { finishSignUp } from "@/state/letters";
import { Notice } from "@/ui/notice";
import { ChoosePassword } from "./choose_password";
import { Frame, TextLink } from "./frame";

export default function Finish() {
  const navigate = useNavigate();
  const finishing = useMutation({
    mutationFn: finishSignUp,
    retry: false,
    onSuccess: (isIn) => isIn && navigate({ to: "/", replace: true }),
  });
  if (finishing.data === false) {
    return (
      <Frame title="Open an account">
        <Notice kind="well" title="Your account is open.">
          Signing in did not work just now; your password is the one you chose.
        </Notice>
        <p className="mt-5">
          <TextLink to="/sign-in">Sign in</TextLink>
        </p>
      </Frame>
    );
  }
  return (
    <ChoosePassword
      title="Open an account"
      label="Password"
      words="Your address is confirmed. Choose a password, and you are in."
      act="Open the account"
      lives="24 hours"
      instead={
        <>
          <TextLink to="/sign-up">Have a new one sent</TextLink>
          <TextLink to="/sign-in">Sign in</TextLink>
        </>
      }
      choosing={finishing}
    />
  );
}
