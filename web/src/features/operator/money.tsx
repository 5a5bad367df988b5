/** Money for one of a user's accounts. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { told } from "@/api/problem";
import { compare, parse } from "@/lib/decimal";
import { money } from "@/lib/format";
import { say } from "@/state/notices";
import { newKeys } from "@/state/submit";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { Select } from "@/ui/select";
import { again, type Detail, grant } from "./asked";

export function Money({ detail }: { detail: Detail }) {
  const { accounts, user } = detail;
  const [amount, setAmount] = useState("");
  const [account, setAccount] = useState(accounts[0]?.id ?? "");
  const [tried, setTried] = useState(false);
  const key = useRef(newKeys().idempotency);
  const granting = useMutation({
    mutationFn: () => grant(user.id, amount, account, key.current),
    onSuccess: async (made) => {
      say("info", `${user.name} was granted ${money(made.amount)}`);
      key.current = newKeys().idempotency;
      setAmount("");
      setTried(false);
      await again();
    },
  });
  const wrong =
    parse(amount) === null || compare(amount, "0") <= 0 ? "How many dollars, above 0." : null;
  if (accounts.length === 0) return null;
  return (
    <Card title="Grant money">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (wrong === null && !granting.isPending) granting.mutate();
        }}
      >
        {accounts.length > 1 && (
          <Select
            label="Into"
            options={accounts.map((one) => ({ value: one.id, label: one.name }))}
            value={account}
            onChange={setAccount}
          />
        )}
        <NumberField
          label="Amount"
          unit="$"
          step="1000"
          value={amount}
          onChange={(typed) => {
            // Another amount is another grant.
            key.current = newKeys().idempotency;
            setAmount(typed);
          }}
          wrong={tried ? wrong : null}
        />
        {granting.error && (
          <Notice kind="wrong" title={told(granting.error).wrong}>
            {told(granting.error).right}
          </Notice>
        )}
        <Button type="submit" className="w-full max-sm:min-h-12" busy={granting.isPending}>
          {granting.isPending ? "Granting…" : "Grant"}
        </Button>
      </form>
    </Card>
  );
}
