/** The market by a test's word: quotes, gaps, halts, and back to the simulation. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { assets } from "@/state/queries";
import { Card, Empty, Waiting } from "@/ui/card";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { controlled, useAct } from "./asked";
import { Act, Line, Refusal } from "./parts";
import { controlWords } from "./words";

export function MarketCard() {
  const use = useAct();
  const listed = useQuery(assets).data;
  const [symbol, setSymbol] = useState("AAPL");
  const [bid, setBid] = useState("");
  const [ask, setAsk] = useState("");
  const [percent, setPercent] = useState("-10");
  const [factor, setFactor] = useState("10");
  if (listed === undefined) {
    return (
      <Card title="Market">
        <Waiting className="h-80" />
      </Card>
    );
  }
  const options = listed.map((one) => ({ value: one.symbol, label: one.symbol }));
  return (
    <Card title="Market">
      <div className="space-y-4">
        <Select label="Symbol" options={options} value={symbol} onChange={setSymbol} />
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-[1fr_1fr_auto] sm:items-end">
          <Field
            label="Bid"
            inputMode="decimal"
            value={bid}
            placeholder="none"
            onChange={(event) => setBid(event.target.value)}
          />
          <Field
            label="Ask"
            inputMode="decimal"
            value={ask}
            placeholder="none"
            onChange={(event) => setAsk(event.target.value)}
          />
          <Act
            use={use}
            name="Set the quote"
            disabled={bid === "" && ask === ""}
            work={() =>
              call(
                api.POST("/api/v1/sim/market/quote", {
                  body: { symbol, bid: bid || null, ask: ask || null },
                }),
              )
            }
          />
        </div>
        <div className="grid grid-cols-[1fr_auto_auto] items-end gap-2">
          <Field
            label="Gap in percent"
            inputMode="decimal"
            value={percent}
            onChange={(event) => setPercent(event.target.value)}
          />
          {(["now", "next_open"] as const).map((when) => (
            <Act
              key={when}
              use={use}
              name={when === "now" ? "Gap now" : "At the open"}
              work={() =>
                call(api.POST("/api/v1/sim/market/gap", { body: { symbol, percent, when } }))
              }
            />
          ))}
        </div>
        <div className="grid grid-cols-[1fr_auto] items-end gap-2">
          <Field
            label="Spread, times the usual"
            inputMode="decimal"
            value={factor}
            onChange={(event) => setFactor(event.target.value)}
          />
          <Act
            use={use}
            name="Widen"
            work={() => call(api.POST("/api/v1/sim/market/widen", { body: { symbol, factor } }))}
          />
        </div>
        <div className="flex flex-wrap gap-2">
          {(["bid", "ask"] as const).map((side) => (
            <Act
              key={side}
              use={use}
              name={`Empty the ${side}`}
              work={() => call(api.POST("/api/v1/sim/market/empty", { body: { symbol, side } }))}
            />
          ))}
          <Act
            use={use}
            name="Halt"
            kind="danger"
            work={() => call(api.POST("/api/v1/sim/market/halt", { body: { symbol } }))}
          />
          <Act
            use={use}
            name="Resume"
            work={() => call(api.POST("/api/v1/sim/market/resume", { body: { symbol } }))}
          />
        </div>
        <Refusal use={use} />
      </div>
      <Held />
    </Card>
  );
}

/** What is under control now. */
function Held() {
  const use = useAct();
  const { data } = useQuery(controlled);
  if (data === undefined) return null;
  return (
    <div className="-mx-4 -mb-4 mt-4 border-line border-t">
      {data.length === 0 ? (
        <Empty title="The simulation moves everything">
          A symbol that is told what to do stands here until it is given back.
        </Empty>
      ) : (
        <ul>
          {data.map((one) => (
            <Line
              key={one.symbol}
              what={one.symbol}
              of={controlWords(one)}
              end={
                <Act
                  use={use}
                  name={`Give back ${one.symbol}`}
                  work={() =>
                    call(api.POST("/api/v1/sim/market/release", { body: { symbol: one.symbol } }))
                  }
                />
              }
            />
          ))}
        </ul>
      )}
      <Refusal use={use} />
    </div>
  );
}
