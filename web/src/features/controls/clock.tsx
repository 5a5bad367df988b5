/** The World's clock: it stands, goes, steps, jumps, and waits for its clients. */
import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Card, Waiting } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Toggle } from "@/ui/toggle";
import { type Clock, clock, useAct } from "./asked";
import { Act, Refusal } from "./parts";
import { newYork, speedWords } from "./words";

const SPEEDS = [
  { value: "0", label: "Stop" },
  { value: "1", label: "1×" },
  { value: "60", label: "60×" },
  { value: "3600", label: "3,600×" },
  { value: "max", label: "Max" },
] as const;
type Speed = (typeof SPEEDS)[number]["value"];
const STEPS = [
  ["1 second", 1],
  ["1 minute", 60],
  ["1 hour", 3_600],
] as const;

const go = (speed: Speed) =>
  speed === "0"
    ? call(api.POST("/api/v1/sim/clock/stop"))
    : call(
        api.POST("/api/v1/sim/clock/go", {
          body: { speed: speed === "max" ? "max" : Number(speed) },
        }),
      );

export function ClockCard() {
  const { data } = useQuery(clock);
  return <Card title="Clock">{data ? <Controls now={data} /> : <Waiting className="h-64" />}</Card>;
}

function Controls({ now }: { now: Clock }) {
  const use = useAct();
  const { lock_step } = now;
  const stands = Number(now.speed) === 0 && !lock_step.on;
  return (
    <div className="space-y-4">
      <div>
        <p className="live tabular font-semibold text-2xl tracking-tight">{newYork(now.now)}</p>
        <p className="text-soft">
          New York · stocks are {now.is_open ? "open" : "closed"} · {speedWords(now)}
        </p>
      </div>
      <Segmented
        label="Speed"
        options={SPEEDS}
        value={String(now.speed) as Speed}
        onChange={(speed) => void use.act("speed", () => go(speed))}
      />
      <div>
        <p className="mb-1.5 font-medium text-[0.8125rem]">Step{!stands && " (stop first)"}</p>
        <div className="flex flex-wrap gap-2">
          {STEPS.map(([name, seconds]) => (
            <Act
              key={name}
              use={use}
              name={name}
              disabled={!stands}
              work={() => call(api.POST("/api/v1/sim/clock/step", { body: { seconds } }))}
            />
          ))}
          <Act
            use={use}
            name="Next thing due"
            disabled={!stands}
            work={() => call(api.POST("/api/v1/sim/clock/step", { body: { steps: 1 } }))}
          />
        </div>
      </div>
      <div>
        <p className="mb-1.5 font-medium text-[0.8125rem]">Jump</p>
        <div className="flex flex-wrap gap-2">
          {(["next_open", "next_close"] as const).map((to) => (
            <Act
              key={to}
              use={use}
              name={to === "next_open" ? "To the next open" : "To the next close"}
              disabled={now[to] === null || now.going_to !== null}
              work={() => call(api.POST("/api/v1/sim/clock/jump", { body: { to, wait: false } }))}
            />
          ))}
        </div>
        <p className="mt-1.5 text-[0.8125rem] text-soft">
          {now.going_to === null
            ? "Everything between happens on the way: prices, fills, auctions, interest."
            : `On its way to ${newYork(now.going_to)}.`}
        </p>
      </div>
      <Toggle
        label="Lock step"
        hint={
          lock_step.on
            ? `Waits for: ${lock_step.waits_for}`
            : "Time waits until every client is quiet, so a bot gives the same run twice."
        }
        on={lock_step.on}
        onChange={(on) =>
          void use.act("lock step", () =>
            call(api.POST("/api/v1/sim/clock/lock_step", { body: { on } })),
          )
        }
      />
      <Refusal use={use} />
    </div>
  );
}
