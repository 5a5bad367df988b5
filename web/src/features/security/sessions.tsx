/** Where one is signed in: browsers, and programs with tokens. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { moment, when } from "@/lib/format";
import { say } from "@/state/notices";
import { queryClient } from "@/state/queries";
import { endOtherSessions, endSession, sessions } from "@/state/security";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Icon } from "@/ui/icon";
import { agentName } from "./agent";

type Session = Schemas["Session"];
const again = () => queryClient.invalidateQueries({ queryKey: sessions.queryKey });
const failed = (error: unknown) => {
  const { wrong, right } = told(error);
  say("wrong", wrong, right);
};

const KINDS: Readonly<Record<string, string>> = {
  password: "with the password",
  link: "by a link",
  demo: "as the demo user",
  tokens: "an API client",
};

export function Sessions() {
  const { data, error } = useQuery(sessions);
  const others = data?.filter((one) => !one.current) ?? [];
  const ending = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: ({ ended }) => say("well", `Signed out at ${ended} other places`),
    onError: failed,
    onSettled: () => void again(),
  });
  return (
    <Card
      title="Where you are signed in"
      flush
      aside={
        others.length > 0 && (
          <Button
            size="small"
            className="max-sm:min-h-11"
            busy={ending.isPending}
            onClick={() => ending.mutate()}
          >
            Sign out elsewhere
          </Button>
        )
      }
    >
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="m-4 h-24" />
      ) : (
        <ul className="border-line/60 border-t">
          {data.map((one) => (
            <One key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function One({ one }: { one: Session }) {
  const name = agentName(one.user_agent);
  const ending = useMutation({
    mutationFn: () => endSession(one.id),
    onSuccess: () => say("info", `Signed out: ${name}`),
    onError: failed,
    onSettled: () => void again(),
  });
  return (
    <li className="flex items-center justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0">
      <div className="flex min-w-0 gap-3">
        <Icon
          name={one.kind === "tokens" ? "keyboard" : "screen"}
          className="mt-0.5 shrink-0 text-soft"
        />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2 font-medium">
            <span className="truncate" title={one.user_agent}>
              {name}
            </span>
            {one.current && (
              <span className="rounded bg-accent-wash px-1.5 py-px font-normal text-xs">
                this browser
              </span>
            )}
            {one.scopes?.map((scope) => (
              <span
                key={scope}
                className="rounded bg-sunken px-1.5 py-px font-normal text-soft text-xs"
              >
                {scope}
              </span>
            ))}
          </p>
          <p className="text-pretty text-soft text-xs">
            {KINDS[one.kind] ?? one.kind}, from {one.address || "an unknown address"} · last seen{" "}
            <time dateTime={one.last_seen_at}>{when(one.last_seen_at)}</time> · until{" "}
            <time dateTime={one.expires_at}>{moment(one.expires_at)}</time>
          </p>
        </div>
      </div>
      {!one.current && (
        <Button
          size="small"
          kind="danger"
          className="max-sm:min-h-11"
          aria-label={`Sign out ${name}`}
          busy={ending.isPending}
          onClick={() => ending.mutate()}
        >
          Sign out
        </Button>
      )}
    </li>
  );
}
