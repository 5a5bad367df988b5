/** Keys for programs: made here, shown once, revoked here. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { moment, when } from "@/lib/format";
import { apiKeys, makeKey, revokeKey } from "@/state/desk";
import { say } from "@/state/notices";
import { queryClient } from "@/state/queries";
import { useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Copy } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";

type Key = Schemas["ApiKey"];
const again = () => queryClient.invalidateQueries({ queryKey: apiKeys.queryKey });

export function Keys() {
  const { data, error } = useQuery(apiKeys);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [past, setPast] = useState(false);
  const accounts = useSession((session) => session.accounts);
  const live = data?.filter((one) => one.revoked_at === null);
  const gone = data?.filter((one) => one.revoked_at !== null) ?? [];
  const names = new Map(accounts.map((one) => [one.id, one.name]));
  const shown = [...(live ?? []), ...(past ? gone : [])];
  return (
    <Card
      title="API keys"
      flush
      aside={
        <Button size="small" className="max-sm:min-h-11" onClick={() => setMaking(true)}>
          <Icon name="plus" className="size-4" />
          New key
        </Button>
      }
    >
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="m-4 h-24" />
      ) : shown.length === 0 ? (
        <Empty title="No keys">
          A key lets a program of yours read this account, or trade in it, without your password.
        </Empty>
      ) : (
        <ul className="border-line/60 border-t">
          {shown.map((one) => (
            <One
              key={one.id}
              one={one}
              account={accounts.length > 1 ? names.get(one.account_id) : undefined}
              onRevoke={() => setRevoking(one)}
            />
          ))}
        </ul>
      )}
      {gone.length > 0 && (
        <div className="border-line/60 border-t px-2 py-1">
          <Button kind="quiet" size="small" aria-expanded={past} onClick={() => setPast(!past)}>
            {past ? "Hide revoked keys" : `Show ${gone.length} revoked`}
          </Button>
        </div>
      )}
      <p className="border-line/60 border-t px-4 py-2.5 text-[0.8125rem] text-soft">
        <Link to="/webhooks" className="font-medium text-accent">
          Webhooks
        </Link>{" "}
        tell a program of yours what happens, without being asked.
      </p>
      <Dialog open={making} onClose={() => setMaking(false)} title="New API key">
        <Make onDone={() => setMaking(false)} />
      </Dialog>
      {revoking && <Revoke one={revoking} onDone={() => setRevoking(null)} />}
    </Card>
  );
}

function One({
  one,
  account,
  onRevoke,
}: {
  one: Key;
  account: string | undefined;
  onRevoke: () => void;
}) {
  const used = one.last_used_at === null ? "never used" : `used ${when(one.last_used_at)}`;
  return (
    <li className="flex items-center justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 font-medium">
          <span className={one.revoked_at ? "text-soft line-through" : ""}>{one.name}</span>
          {one.scopes.map((scope) => (
            <span
              key={scope}
              className="rounded bg-sunken px-1.5 py-px font-normal text-soft text-xs"
            >
              {scope}
            </span>
          ))}
          {account && <span className="font-normal text-soft text-xs">{account}</span>}
        </p>
        <p className="truncate text-soft text-xs">
          <span className="font-mono">{one.id.slice(0, 8)}…</span> ·{" "}
          {one.revoked_at ? `revoked ${moment(one.revoked_at)}` : used}
        </p>
      </div>
      {one.revoked_at === null && (
        <Button
          size="small"
          kind="danger"
          className="max-sm:min-h-11"
          aria-label={`Revoke ${one.name}`}
          onClick={onRevoke}
        >
          Revoke
        </Button>
      )}
    </li>
  );
}

const SCOPES = [
  { value: "read", name: "Read", words: "See the account, its positions and orders." },
  { value: "trade", name: "Trade", words: "Place, change and cancel orders, and move money." },
] as const;

function Make({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["read", "trade"]);
  const [tried, setTried] = useState(false);
  const account_id = useSession((session) => session.accountId);
  const making = useMutation({ mutationFn: makeKey, retry: false, onSettled: () => void again() });
  if (making.data) return <Made made={making.data} onDone={onDone} />;
  const wrong = name.trim() === "" ? "Name it after what will use it." : null;
  const none = scopes.length === 0;
  const toggle = (scope: string) =>
    setScopes((before) =>
      before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope],
    );
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (wrong === null && !none && !making.isPending) {
          making.mutate({ name: name.trim(), account_id, scopes: [...scopes] });
        }
      }}
    >
      <Field
        label="Name"
        value={name}
        maxLength={100}
        autoComplete="off"
        placeholder="My bot"
        wrong={tried ? wrong : null}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="space-y-1">
        <legend className="mb-1.5 font-medium text-[0.8125rem]">It may</legend>
        {SCOPES.map((one) => (
          <label key={one.value} className="flex min-h-11 items-start gap-3 py-1">
            <input
              type="checkbox"
              checked={scopes.includes(one.value)}
              onChange={() => toggle(one.value)}
              className="mt-0.5 size-5 accent-(--accent)"
            />
            <span>
              <span className="font-medium">{one.name}</span>
              <span className="block text-[0.8125rem] text-soft">{one.words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {tried && none && <Notice kind="info">Choose at least one thing that it may do.</Notice>}
      {making.error && (
        <Notice kind="wrong" title={told(making.error).wrong}>
          {told(making.error).code === "unreachable"
            ? "If a key with this name stands in the list, revoke it: its secret was lost on the way. Then make another."
            : told(making.error).right}
        </Notice>
      )}
      <Button type="submit" kind="main" size="large" className="w-full" busy={making.isPending}>
        {making.isPending ? "Making…" : "Make the key"}
      </Button>
    </form>
  );
}

function Made({ made, onDone }: { made: Schemas["NewApiKey"]; onDone: () => void }) {
  return (
    <div className="space-y-4">
      <Notice kind="warn" title="Keep the secret now">
        It is shown this once. Whoever has it can do what the key may do; if it gets lost, revoke
        the key and make another.
      </Notice>
      <Copy label="Key" value={made.id} />
      <Copy label="Secret" value={made.secret} />
      <p className="text-[0.8125rem] text-soft">
        Send them as the headers <code>APCA-API-KEY-ID</code> and <code>APCA-API-SECRET-KEY</code>,
        or as user name and password.
      </p>
      <Button kind="main" size="large" className="w-full" onClick={onDone}>
        I have kept it
      </Button>
    </div>
  );
}

function Revoke({ one, onDone }: { one: Key; onDone: () => void }) {
  const revoking = useMutation({
    mutationFn: () => revokeKey(one.id),
    onSuccess: async () => {
      await again();
      say("info", `${one.name} is revoked`);
      onDone();
    },
  });
  return (
    <Dialog
      open
      onClose={onDone}
      title={`Revoke ${one.name}?`}
      foot={
        <>
          <Button onClick={onDone}>Keep it</Button>
          <Button kind="danger" busy={revoking.isPending} onClick={() => revoking.mutate()}>
            {revoking.isPending ? "Revoking…" : "Revoke"}
          </Button>
        </>
      }
    >
      <p className="text-soft">
        Whatever uses this key stops working at once, and it cannot be brought back. Orders it has
        placed stay.
      </p>
      {revoking.error && (
        <Notice kind="wrong" className="mt-3" title={told(revoking.error).wrong}>
          {told(revoking.error).right}
        </Notice>
      )}
    </Dialog>
  );
}
