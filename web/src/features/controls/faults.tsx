/** Faults: what a bad network does, on purpose. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Card, Empty } from "@/ui/card";
import { Select } from "@/ui/select";
import { faults, useAct } from "./asked";
import { Act, Line, Refusal } from "./parts";
import { faultWords } from "./words";

type Body = Schemas["FaultBody"];

const ONES = {
  busy: {
    label: "Answer the next 3 requests with 429",
    body: { kind: "answer", status: 429, count: 3 },
  },
  broken: {
    label: "Answer with 500 for 30 seconds",
    body: { kind: "answer", status: 500, for_seconds: 30 },
  },
  late: {
    label: "Take the next order, and answer 504",
    body: { kind: "answer", status: 504, when: "after", method: "POST", path: "*/orders" },
  },
  slow: {
    label: "Answer 2 seconds late for a minute",
    body: { kind: "delay_answer", delay_ms: 2_000, for_seconds: 60 },
  },
  drop: {
    label: "Drop every second message for 30 seconds",
    body: { kind: "drop", every: 2, for_seconds: 30 },
  },
  twice: {
    label: "Send every message twice for 30 seconds",
    body: { kind: "duplicate", for_seconds: 30 },
  },
  close: { label: "Close every open stream now", body: { kind: "close" } },
} satisfies Record<string, { label: string; body: Body }>;
type Name = keyof typeof ONES;
const OPTIONS = (Object.keys(ONES) as Name[]).map((value) => ({ value, label: ONES[value].label }));

export function FaultsCard() {
  const use = useAct();
  const [name, setName] = useState<Name>("busy");
  const { data = [] } = useQuery(faults);
  return (
    <Card title="Faults">
      <div className="space-y-4">
        <div className="grid items-end gap-2 sm:grid-cols-[1fr_auto]">
          <Select label="Fault" options={OPTIONS} value={name} onChange={setName} />
          <Act
            use={use}
            name="Begin"
            work={() => call(api.POST("/api/v1/sim/faults", { body: ONES[name].body }))}
          />
        </div>
        <Refusal use={use} />
      </div>
      <div className="-mx-4 -mb-4 mt-4 border-line border-t">
        {data.length === 0 ? (
          <Empty title="Everything is answered">
            Rules stand here with what they have hit. The API makes any other.
          </Empty>
        ) : (
          <ul>
            {data.map((one) => (
              <Line
                key={one.id}
                {...faultWords(one)}
                end={
                  <Act
                    use={use}
                    name={`Forget ${one.id}`}
                    work={() =>
                      call(
                        api.DELETE("/api/v1/sim/faults/{fault_id}", {
                          params: { path: { fault_id: String(one.id) } },
                        }),
                      )
                    }
                  />
                }
              />
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}
