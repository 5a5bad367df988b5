/** The World's event log as it grows: every input that led to something, newest first. */
import { useEffect, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { type Told, told } from "@/api/problem";
import { Card, Empty, Waiting } from "@/ui/card";
import { Notice } from "@/ui/notice";
import { Toggle } from "@/ui/toggle";
import { newYork } from "./words";

type Input = Schemas["LoggedInput"];
const EVERY_MS = 1_000;
/** So many inputs ago, most of them quotes, the log begins. */
const BEGIN = 3_000;
const LIMIT = 200;
const SHOWN_MAX = 150;

/** What is in the log from a while ago on; asked for as long as it is looked at. */
function useLog(market: boolean): { inputs: readonly Input[] | null; problem: Told | null } {
  const [inputs, setInputs] = useState<readonly Input[] | null>(null);
  const [problem, setProblem] = useState<Told | null>(null);
  useEffect(() => {
    let after = -BEGIN;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    setInputs(null);
    const ask = async () => {
      try {
        const query = { after, market, limit: LIMIT };
        const answer = await call(api.GET("/api/v1/sim/events", { params: { query } }));
        if (over) return;
        // As JSON, which it is unless lines of text were asked for.
        const found = answer as Schemas["EventLog"];
        after = found.next_after;
        setProblem(null);
        setInputs((before) =>
          [...found.inputs.toReversed(), ...(before ?? [])].slice(0, SHOWN_MAX),
        );
      } catch (error) {
        if (!over) setProblem(told(error));
      }
      if (!over) timer = setTimeout(ask, EVERY_MS);
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [market]);
  return { inputs, problem };
}

export function LogCard() {
  const [market, setMarket] = useState(false);
  const { inputs, problem } = useLog(market);
  return (
    <Card title="Event log" flush>
      <div className="px-4 pb-2">
        <Toggle
          label="With quotes and trades"
          hint="Otherwise only what led to something."
          on={market}
          onChange={setMarket}
        />
        {problem && (
          <Notice kind="wrong" title={problem.wrong}>
            {problem.right}
          </Notice>
        )}
      </div>
      {inputs === null ? (
        <Waiting className="mx-4 mb-4 h-64" />
      ) : inputs.length === 0 ? (
        <Empty title="Nothing yet">Place an order, or use a control.</Empty>
      ) : (
        <ol aria-label="Inputs, newest first" className="border-line border-t">
          {inputs.map((one) => (
            <li key={one.seq} className="border-line/60 border-b px-4 py-2 last:border-b-0">
              <p className="flex flex-wrap items-baseline gap-x-2">
                <span className="tabular text-soft text-xs">{one.seq}</span>
                <span className="min-w-0 flex-1 break-words">{one.text}</span>
                <span className="tabular text-soft text-xs">{newYork(one.ts)}</span>
              </p>
              {one.events.map((event) => (
                <p
                  key={`${event.kind} ${event.text}`}
                  className="break-words pl-5 text-[0.8125rem] text-soft"
                >
                  {event.text}
                </p>
              ))}
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
