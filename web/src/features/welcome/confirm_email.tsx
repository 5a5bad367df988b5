/** A new address becomes the user's, by the link that was sent to it. */
import { useMutation } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { confirmEmail } from "@/state/letters";
import { recognize } from "@/state/session";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { Frame, TextLink } from "./frame";
import { useToken } from "./token";

export default function ConfirmEmail() {
  const token = useToken();
  const confirming = useMutation({
    mutationFn: () => confirmEmail(token),
    retry: false,
    onSuccess: () => recognize(),
  });
  const failed = confirming.error ? told(confirming.error) : null;
  return (
    <Frame title="Confirm your address">
      {confirming.isSuccess ? (
        <Notice kind="well" title="The address is yours.">
          From now on you sign in as {confirming.data.email}.
        </Notice>
      ) : !token || failed ? (
        <Notice kind="warn" title={failed?.wrong ?? "This link does not work."}>
          {failed?.right ?? "It is not whole: open it from the mail once more."}
        </Notice>
      ) : (
        <>
          <p className="mb-4 text-soft">
            Use the address that this link was sent to from now on, for signing in and for mails.
          </p>
          <Button
            kind="main"
            size="large"
            className="w-full"
            busy={confirming.isPending}
            onClick={() => confirming.mutate()}
          >
            Confirm the address
          </Button>
        </>
      )}
      <p className="mt-5">
        <TextLink to="/">Go to Stockyard</TextLink>
      </p>
    </Frame>
  );
}
