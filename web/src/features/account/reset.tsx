/** Starting again: everything that is held is lost, and that is said before. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { add, parse, sign } from "@/lib/decimal";
import { money } from "@/lib/format";
import { known } from "@/lib/loadable";
import { resetAccount } from "@/state/desk";
import type { Account } from "@/state/folds";
import { useOpenOrders, usePositions } from "@/state/live";
import { say } from "@/state/notices";
import { house } from "@/state/queries";
import { useSubmit } from "@/state/submit";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";

export function Reset({ account }: { account: Account }) {
  const [open, setOpen] = useState(false);
  return (
    <Card title="Start again">
      <p className="mb-3 text-soft">
        Empties this account and gives it new cash. Its history stays.
      </p>
      <Button kind="danger" className="w-full" onClick={() => setOpen(true)}>
        Reset the account
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={`Reset ${account.name}?`}>
        <Ask account={account} onDone={() => setOpen(false)} />
      </Dialog>
    </Card>
  );
}

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

function Ask({ account, onDone }: { account: Account; onDone: () => void }) {
  const id = useId();
  const start = useQuery(house).data?.starting_cash ?? "100000.00";
  const [typed, setTyped] = useState<string | null>(null);
  const [sure, setSure] = useState(false);
  const positions = known(usePositions()) ?? [];
  const orders = known(useOpenOrders()) ?? [];
  const { state, send, reset } = useSubmit((cash: string, keys) => resetAccount(cash, keys));
  useEffect(() => {
    if (state.is !== "done") return;
    say("well", "The account starts again", `It has ${money(state.answer.cash)} of cash.`);
    onDone();
  }, [state, onDone]);
  const cash = typed ?? start;
  const right = parse(cash) !== null && sign(cash) >= 0;
  // Contracts are not owned: they have no value that is lost.
  const worth = positions
    .filter((one) => !one.contract)
    .reduce((sum, one) => add(sum, one.market_value), "0");
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (right && sure) send(cash);
      }}
    >
      <Notice kind="warn" title="This is lost, and cannot be brought back">
        <ul className="mt-1 list-disc space-y-0.5 pl-4">
          {positions.length > 0 && (
            <li>
              {counted(positions.length, "position")} worth {money(worth)}: given up, not sold.
            </li>
          )}
          {orders.length > 0 && <li>{counted(orders.length, "open order")}: canceled.</li>}
          <li>The cash of {money(account.cash)}: set to what you enter below.</li>
        </ul>
      </Notice>
      <p className="text-[0.8125rem] text-soft">
        Past orders and fills stay to be read. Its rules and its keys stay too.
      </p>
      <NumberField
        label="Cash to start with"
        value={cash}
        step="1000"
        unit="$"
        wrong={right ? null : "Enter an amount, such as 100000."}
        onChange={(value) => {
          setTyped(value);
          reset();
        }}
      />
      <label htmlFor={id} className="flex min-h-11 items-center gap-3">
        <input
          id={id}
          type="checkbox"
          checked={sure}
          onChange={(event) => setSure(event.target.checked)}
          className="size-5 accent-(--accent)"
        />
        I want to lose this and start again
      </label>
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong}>
          {state.problem.right}
        </Notice>
      )}
      <SubmitButton
        state={state}
        kind="danger"
        label="Reset the account"
        words={{ sending: "Resetting…", done: "Reset" }}
        disabled={!sure || !right}
        onPress={() => send(cash)}
      />
    </form>
  );
}
