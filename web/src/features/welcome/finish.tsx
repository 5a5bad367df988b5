/** A sign-up is finished by the link that was sent: a password, and one is in. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { finishSignUp } from "@/state/letters";
import { ChoosePassword } from "./choose_password";
import { TextLink } from "./frame";

export default function Finish() {
  const navigate = useNavigate();
  const finishing = useMutation({
    mutationFn: finishSignUp,
    retry: false,
    onSuccess: () => navigate({ to: "/", replace: true }),
  });
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
