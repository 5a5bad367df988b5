/** What a user is limited to; an empty field is no limit. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { words } from "@/lib/format";
import { say } from "@/state/notices";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { again, type Detail, limit } from "./asked";
import { type Form, formOf, limitsOf, TYPES, wrongIn } from "./limits_form";

export function Limits({ detail }: { detail: Detail }) {
  const [form, setForm] = useState<Form>(() => formOf(detail.limits));
  const [tried, setTried] = useState(false);
  const saving = useMutation({
    mutationFn: (body: Schemas["LimitsBody"]) => limit(detail.user.id, body),
    onSuccess: async () => {
      say("info", `The limits of ${detail.user.name} are set`);
      await again();
    },
  });
  const wrong = wrongIn(form);
  const says = (name: keyof Form) => (tried ? (wrong[name] ?? null) : null);
  const set = (name: keyof Form) => (value: string) => setForm({ ...form, [name]: value });
  const toggle = (type: string) =>
    setForm({
      ...form,
      types: form.types.includes(type)
        ? form.types.filter((one) => one !== type)
        : [...form.types, type],
    });
  return (
    <Card title="Limits">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(wrong).length === 0 && !saving.isPending) saving.mutate(limitsOf(form));
        }}
      >
        <p className="text-[0.8125rem] text-soft">
          Empty is no limit. They bind every account and every way in; what reduces a position is
          never limited.
        </p>
        <NumberField
          label="Order value"
          unit="$"
          step="100"
          value={form.value}
          onChange={set("value")}
          wrong={says("value")}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Open orders"
            value={form.orders}
            onChange={set("orders")}
            wrong={says("orders")}
          />
          <NumberField
            label="Leverage"
            step="0.5"
            least="1"
            value={form.leverage}
            onChange={set("leverage")}
            wrong={says("leverage")}
          />
        </div>
        <Field
          label="Symbols"
          value={form.symbols}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          placeholder="All; or AAPL, SPY"
          onChange={(event) => set("symbols")(event.target.value)}
          wrong={says("symbols")}
        />
        <fieldset>
          <legend className="mb-1.5 font-medium text-[0.8125rem]">Order types (none: all)</legend>
          <div className="flex flex-wrap gap-x-4">
            {TYPES.map((type) => (
              <label key={type} className="flex min-h-11 items-center gap-2">
                <input
                  type="checkbox"
                  checked={form.types.includes(type)}
                  onChange={() => toggle(type)}
                  className="size-5 accent-(--accent)"
                />
                {words(type)}
              </label>
            ))}
          </div>
        </fieldset>
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Requests a minute"
            value={form.requests}
            onChange={set("requests")}
            wrong={says("requests")}
          />
          <NumberField
            label="Orders a minute"
            value={form.rate}
            onChange={set("rate")}
            wrong={says("rate")}
          />
        </div>
        {saving.error && (
          <Notice kind="wrong" title={told(saving.error).wrong}>
            {told(saving.error).right}
          </Notice>
        )}
        <Button
          type="submit"
          kind="main"
          className="w-full max-sm:min-h-12"
          busy={saving.isPending}
        >
          {saving.isPending ? "Setting…" : "Set the limits"}
        </Button>
      </form>
    </Card>
  );
}
