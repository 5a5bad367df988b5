/** The year's tax report as a paper or a table. */
import { useState } from "react";
import { saveTax } from "@/state/papers";
import { Card } from "@/ui/card";
import { Select } from "@/ui/select";
import { Saving } from "./saving";

const THIS_YEAR = new Date().getFullYear();
const YEARS = Array.from({ length: 8 }, (_, ago) => `${THIS_YEAR - ago}`);

export function TaxPapers() {
  const [year, setYear] = useState(`${THIS_YEAR}`);
  const forms = [
    ["pdf", "PDF"],
    ["html", "Web page"],
    ["csv", "CSV"],
  ] as const;
  return (
    <Card title="Tax lot report">
      <p className="mb-3 text-pretty text-[0.8125rem] text-soft">
        Every lot that was closed in a year, with its term, and what wash sales disallow.
      </p>
      <Select
        label="Year"
        options={YEARS.map((one) => ({ value: one, label: one }))}
        value={year}
        onChange={setYear}
      />
      <div className="mt-3 flex flex-wrap gap-2">
        {forms.map(([form, name]) => (
          <Saving
            key={form}
            save={() => saveTax(Number(year), form)}
            label={`Download the tax report of ${year} as ${name}`}
          >
            {name}
          </Saving>
        ))}
      </div>
    </Card>
  );
}
