/** A whole history as one file. */
import { useState } from "react";
import { type FileForm, type History, saveHistory } from "@/state/papers";
import { Card } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { Saving } from "./saving";

const WHAT = [
  { value: "activities", label: "Activity" },
  { value: "orders", label: "Orders" },
  { value: "postings", label: "The ledger: every posting" },
] as const;
const FORMS = [
  { value: "csv", label: "CSV" },
  { value: "json", label: "JSON" },
  { value: "parquet", label: "Parquet" },
] as const;

/** A day of this place as a moment; `after` days later. */
function begins(day: string, after = 0): string | undefined {
  if (day === "") return undefined;
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + after);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export function Exports() {
  const [what, setWhat] = useState<History>("activities");
  const [form, setForm] = useState<FileForm>("csv");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const start = begins(from);
  const end = begins(to, 1);
  const stretch = { ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
  return (
    <Card title="Export">
      <div className="space-y-3">
        <Select label="What" options={WHAT} value={what} onChange={setWhat} />
        <div className="grid grid-cols-2 gap-3">
          <Field
            label="From"
            type="date"
            value={from}
            max={to || undefined}
            onChange={(event) => setFrom(event.target.value)}
          />
          <Field
            label="Until"
            type="date"
            value={to}
            min={from || undefined}
            onChange={(event) => setTo(event.target.value)}
          />
        </div>
        <Segmented small label="Format" options={FORMS} value={form} onChange={setForm} />
        <Saving main className="w-full" save={() => saveHistory(what, form, stretch)}>
          Download
        </Saving>
        <p className="text-pretty text-soft text-xs">
          All of it, or what happened in these days. Up to a million lines.
        </p>
      </div>
    </Card>
  );
}
