/** A new password in the place of a forgotten one, by a mail's link. */
import { useMutation } from "@tanstack/react-query";
import { choosePassword } from "@/state/letters";
import { Notice } from "@/ui/notice";
import { ChoosePassword } from "./choose_password";
import { Frame, TextLink } from "./frame";

export default function Reset() {
  const choosing = useMutation({ mutationFn: choosePassword, retry: false });
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
    <ChoosePassword
      title="New password"
      label="New password"
      act="Use this password"
      lives="15 minutes"
      instead={<TextLink to="/forgot">Have a new one sent</TextLink>}
      choosing={choosing}
    />
  );
}
