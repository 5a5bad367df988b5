/**
 * Where a mail's link leads. A browser that asked for it comes here signed in; any other goes on by
 * a button, because programs that look through mails open links as well.
 */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { told } from "@/api/problem";
import { enterByLink, lookAtLink } from "@/state/letters";
import { enterByCookie } from "@/state/session";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Frame, TextLink } from "./frame";
import { useToken } from "./token";

const IN = "signed-in";

export default function OpenedLink() {
  const token = useToken();
  const navigate = useNavigate();
  useEffect(() => {
    if (token === IN) void enterByCookie().then(() => navigate({ to: "/", replace: true }));
  }, [token, navigate]);
  if (token === IN) return <Frame title="Signing in…">{null}</Frame>;
  return <Frame title="Sign in">{token ? <Confirm token={token} /> : <Gone />}</Frame>;
}

function Confirm({ token }: { token: string }) {
  const navigate = useNavigate();
  const look = useQuery({
    queryKey: ["link", token],
    queryFn: () => lookAtLink(token),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const entering = useMutation({
    mutationFn: (code: string) => enterByLink(token, code),
    retry: false,
    onSuccess: () => navigate({ to: "/", replace: true }),
  });
  const failed = entering.error ? told(entering.error) : null;
  if (look.error && told(look.error).code === "invalid_link") return <Gone />;
  if (failed?.code === "invalid_link") return <Gone />;
  const coded = failed?.field === "code";
  const asked = failed?.code === "second_factor_required";
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const code = new FormData(event.currentTarget).get("code");
        if (!entering.isPending) entering.mutate(String(code ?? "").trim());
      }}
    >
      <p className="text-soft">
        {look.data ? (
          <>
            This link signs you in as <strong className="text-ink">{look.data.email}</strong>. It
            works once.
          </>
        ) : (
          "This link signs you in. It works once."
        )}
      </p>
      {coded && (
        <Field
          label="Code of your authenticator app"
          name="code"
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={40}
          required
          autoFocus
          wrong={asked ? null : `${failed.wrong} ${failed.right}`}
          hint="Or one of your recovery codes."
        />
      )}
      {failed && !coded && (
        <Notice kind="wrong" title={failed.wrong}>
          {failed.right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={entering.isPending}>
        Sign in
      </Button>
    </form>
  );
}

function Gone() {
  return (
    <>
      <Notice kind="warn" title="This link does not work.">
        It was used already, is older than 15 minutes, or is not whole.
      </Notice>
      <p className="mt-5 flex flex-wrap justify-between gap-x-4">
        <TextLink to="/by-mail">Have a new one sent</TextLink>
        <TextLink to="/sign-in">Sign in with a password</TextLink>
      </p>
    </>
  );
}
