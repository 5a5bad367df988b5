/** Money in and out. */
import { useEffect, useState } from "react";
import { compare, parse, sign } from "@/lib/decimal";
import { money } from "@/lib/format";
import { deposit, withdraw } from "@/state/desk";
import type { Account } from "@/state/folds";
import { say } from "@/state/notices";
import { useSubmit } from "@/state/submit";
import { Card } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";

type Way = "deposit" | "withdraw";
const WAYS: readonly { value: Way; label: string }[] = [
  { value: "deposit", label: "Deposit" },
  { value: "withdraw", label: "Withdraw" },
];
const ROUND = ["1000", "10000", "50000"];

export function Money({ account }: { account: Account }) {
  const [way, setWay] = useState<Way>("deposit");
  const [amount, setAmount] = useState("");
  const [tried, setTried] = useState(false);
  const { state, send, reset } = useSubmit((asked: { way: Way; amount: string }, keys) =>
    (asked.way === "deposit" ? deposit : withdraw)(asked.amount, keys),
  );
  useEffect(() => {
    if (state.is !== "done") return;
    const { kind, amount: moved, cash_after } = state.answer;
    const did = kind === "deposit" ? "Deposited" : "Withdrew";
    say("well", `${did} ${money(moved)}`, `Cash is now ${money(cash_after)}.`);
    setAmount("");
    setTried(false);
  }, [state]);
  const right = parse(amount) !== null && sign(amount) > 0;
  const wrong = !right
    ? "Enter an amount, such as 1000."
    : way === "withdraw" && compare(amount, account.withdrawable) > 0
      ? `At most ${money(account.withdrawable)} may be withdrawn: orders, positions and what has not settled hold the rest.`
      : null;
  const press = () => {
    setTried(true);
    if (wrong === null) send({ way, amount });
  };
  return (
    <Card title="Deposit and withdraw">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          press();
        }}
      >
        <Segmented
          label="Direction"
          options={WAYS}
          value={way}
          onChange={(chosen) => {
            setWay(chosen);
            setTried(false);
            reset();
          }}
        />
        <div>
          <NumberField
            label="Amount"
            value={amount}
            step="100"
            unit="$"
            wrong={amount !== "" || tried ? wrong : null}
            hint={
              way === "deposit"
                ? "Play money: it is there at once."
                : `${money(account.withdrawable)} may be withdrawn.`
            }
            onChange={(value) => {
              setAmount(value);
              reset();
            }}
          />
          <div className="mt-1.5 flex gap-1.5">
            {ROUND.map((one) => (
              <button
                key={one}
                type="button"
                onClick={() => setAmount(one)}
                className="tabular min-h-8 max-sm:min-h-11 flex-1 rounded-md border border-line font-medium text-[0.8125rem] text-soft hover:bg-sunken hover:text-ink"
              >
                {money(one).replace(".00", "")}
              </button>
            ))}
          </div>
        </div>
        {state.is === "denied" && (
          <Notice kind="wrong" title={state.problem.wrong}>
            {state.problem.right}
          </Notice>
        )}
        <SubmitButton
          state={state}
          size="medium"
          label={way === "deposit" ? "Deposit" : "Withdraw"}
          words={{ sending: "Moving…", done: "Done" }}
          onPress={press}
        />
      </form>
    </Card>
  );
}
