/** With what a perpetual contract is held: its leverage, and what stands for it. */
import { useEffect, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { compare, parse } from "@/lib/decimal";
import type { Position } from "@/state/folds";
import { useAsset } from "@/state/instrument";
import { say } from "@/state/notices";
import { type Keys, useSubmit } from "@/state/submit";
import { Card } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";

type Mode = Schemas["Leverage"]["mode"];
const MODES: readonly { value: Mode; label: string }[] = [
  { value: "cross", label: "Cross" },
  { value: "isolated", label: "Isolated" },
];
const MEANS: Record<Mode, string> = {
  cross: "The whole account stands for the position.",
  isolated: "Only the margin set apart for it stands for the position; more it cannot lose.",
};

function choose(symbol: string, body: Schemas["LeverageBody"], keys: Keys) {
  const header = { "Idempotency-Key": keys.idempotency };
  const params = { path: { symbol }, header };
  return call(api.PUT("/api/v1/positions/{symbol}/leverage", { params, body }));
}

export function Leverage({ position }: { position: Position }) {
  const { symbol, contract } = position;
  const most = useAsset(symbol)?.contract?.leverage_max ?? 1;
  const [leverage, setLeverage] = useState(`${contract?.leverage ?? 1}`);
  const [mode, setMode] = useState<Mode>(contract?.mode ?? "cross");
  const { state, send, reset } = useSubmit((body: Schemas["LeverageBody"], keys) =>
    choose(symbol, body, keys),
  );
  useEffect(() => {
    if (state.is === "done") say("well", `${symbol} is held at ${state.answer.leverage}×`);
  }, [state, symbol]);
  const whole = parse(leverage)?.scale === 0 && compare(leverage, "1") >= 0;
  const wrong =
    whole && compare(leverage, `${most}`) <= 0 ? null : `Enter a whole number from 1 to ${most}.`;
  const press = () => wrong === null && send({ leverage, mode });
  return (
    <Card title="Leverage">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          press();
        }}
      >
        <div>
          <Segmented
            small
            label="Margin mode"
            options={MODES}
            value={mode}
            onChange={(chosen) => {
              setMode(chosen);
              reset();
            }}
          />
          <p className="mt-1.5 text-[0.8125rem] text-soft">{MEANS[mode]}</p>
        </div>
        <NumberField
          label="Leverage"
          value={leverage}
          least="1"
          unit="×"
          wrong={wrong}
          hint="Higher sets less margin apart, and is liquidated sooner."
          onChange={(value) => {
            setLeverage(value);
            reset();
          }}
        />
        {state.is === "denied" && (
          <Notice kind="wrong" title={state.problem.wrong}>
            {state.problem.right}
          </Notice>
        )}
        <SubmitButton
          state={state}
          size="medium"
          kind="plain"
          label="Change leverage"
          words={{ sending: "Changing…", done: "Changed" }}
          onPress={press}
        />
      </form>
    </Card>
  );
}
