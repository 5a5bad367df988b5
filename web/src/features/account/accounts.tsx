/** All accounts of the person: which one is looked at, and opening another. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { told } from "@/api/problem";
import { money } from "@/lib/format";
import { accounts, openAccount } from "@/state/desk";
import type { Account } from "@/state/folds";
import { say } from "@/state/notices";
import { house, queryClient } from "@/state/queries";
import { chooseAccount, recognize, useSession } from "@/state/session";
import { useSubmit } from "@/state/submit";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { SubmitButton } from "@/ui/submit_button";

export function Accounts() {
  const { data, error } = useQuery(accounts);
  const [opening, setOpening] = useState(false);
  const chosen = useSession((session) => session.accountId);
  return (
    <Card
      title="Your accounts"
      flush
      aside={
        <Button size="small" className="max-sm:min-h-11" onClick={() => setOpening(true)}>
          <Icon name="plus" className="size-4" />
          Open another
        </Button>
      }
    >
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="m-4 h-16" />
      ) : (
        <ul className="border-line/60 border-t">
          {data.map((one) => {
            const here = one.id === chosen;
            return (
              <li
                key={one.id}
                className="relative flex items-center justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0"
              >
                <div className="min-w-0">
                  {here ? (
                    <p className="font-semibold">{one.name}</p>
                  ) : (
                    <button
                      type="button"
                      onClick={() => chooseAccount(one.id)}
                      className="font-semibold after:absolute after:inset-0 hover:text-accent"
                    >
                      <span className="sr-only">Go to </span>
                      {one.name}
                    </button>
                  )}
                  <p className="text-soft text-xs">
                    {one.kind} · {one.profile.replaceAll("_", " ")}
                  </p>
                </div>
                <div className="text-right">
                  {here ? (
                    <p className="font-medium text-accent">shown now</p>
                  ) : (
                    <>
                      <p className="tabular font-medium">{money(one.equity)}</p>
                      <p className="text-soft text-xs">go to it</p>
                    </>
                  )}
                </div>
              </li>
            );
          })}
        </ul>
      )}
      <Dialog open={opening} onClose={() => setOpening(false)} title="Open another account">
        <Open onDone={() => setOpening(false)} />
      </Dialog>
    </Card>
  );
}

const KINDS = [
  { value: "cash", label: "Cash" },
  { value: "margin", label: "Margin" },
] as const;

function Open({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Account["kind"]>("cash");
  const [tried, setTried] = useState(false);
  const start = useQuery(house).data?.starting_cash;
  const { state, send, reset } = useSubmit((body: Parameters<typeof openAccount>[0], keys) =>
    openAccount(body, keys),
  );
  useEffect(() => {
    if (state.is !== "done") return;
    const { id, name: called } = state.answer;
    void queryClient.invalidateQueries({ queryKey: accounts.queryKey });
    void recognize().then(() => chooseAccount(id));
    say("well", `${called} is open`, "It is the account shown now.");
    onDone();
  }, [state, onDone]);
  const wrong = name.trim() === "" ? "Name it, so that you know it again." : null;
  const press = () => {
    setTried(true);
    if (wrong === null) send({ name: name.trim(), kind, profile: null });
  };
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        press();
      }}
    >
      <Field
        label="Name"
        value={name}
        maxLength={100}
        autoComplete="off"
        placeholder="Ideas"
        wrong={tried ? wrong : null}
        onChange={(event) => {
          setName(event.target.value);
          reset();
        }}
      />
      <Segmented label="Kind of account" options={KINDS} value={kind} onChange={setKind} />
      <p className="text-[0.8125rem] text-soft">
        {kind === "cash"
          ? "Pays everything in full."
          : "Borrows cash and shares, and may trade perpetual contracts."}{" "}
        It starts with {money(start ?? null)}, and its orders, positions and keys are its own.
      </p>
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong}>
          {state.problem.right}
        </Notice>
      )}
      <SubmitButton
        state={state}
        label="Open the account"
        words={{ sending: "Opening…", done: "Open" }}
        onPress={press}
      />
    </form>
  );
}
