/** How long it lives, its exits, and what else can be said of it. */
import { Segmented } from "@/ui/choice";
import { Select } from "@/ui/select";
import { type Parts, Value } from "./fields";
import { fitted, LOSSES, type Terms } from "./form";
import { change } from "./store";
import { classWords, flagWords, lossWords, timeWords } from "./words";

export function Options({ all, ...parts }: Parts & { all: readonly Terms[] }) {
  const { form, shape, asset, wrong } = parts;
  const fitTo = (changed: Partial<typeof form>) =>
    change(fitted({ ...form, ...changed }, all, asset));
  const [, exitHint] = classWords(form.order_class);
  const [, timeHint] = timeWords(form.time_in_force);
  return (
    <div className="space-y-4">
      <div className="grid grid-cols-2 gap-x-3">
        <Select
          label="Time in force"
          options={shape.times.map((value) => ({ value, label: timeWords(value)[0] }))}
          value={form.time_in_force}
          onChange={(time_in_force) => {
            const until = time_in_force === "gtd" && !form.values.expires_at;
            const values = until ? { ...form.values, expires_at: nextWeek() } : form.values;
            fitTo({ time_in_force, values });
          }}
          className={shape.classes.length > 1 ? "" : "col-span-2"}
          wrong={wrong.time_in_force ?? null}
        />
        {shape.classes.length > 1 && (
          <Select
            label="Exits"
            options={shape.classes.map((value) => ({ value, label: classWords(value)[0] }))}
            value={form.order_class}
            onChange={(order_class) => fitTo({ order_class })}
            wrong={wrong.order_class ?? null}
          />
        )}
        <p role="status" className="col-span-2 mt-1.5 text-[0.8125rem] text-soft">
          {timeHint} {exitHint}
        </p>
      </div>
      {shape.names.includes("expires_at") && <Value name="expires_at" {...parts} />}
      {shape.exits.length > 0 && <Exits {...parts} />}
      {shape.flags.map((flag) => (
        <Flag
          key={flag}
          name={flag}
          on={!!form.flags[flag]}
          wrong={wrong[flag]}
          onChange={(on) => fitTo({ flags: { ...form.flags, [flag]: on } })}
        />
      ))}
    </div>
  );
}

/** A week from now when markets have mostly closed, as the browser's field writes it. */
function nextWeek(): string {
  const at = new Date(Date.now() + 7 * 86_400_000);
  const two = (number: number) => `${number}`.padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T16:00`;
}

function Exits(parts: Parts) {
  const { form, shape } = parts;
  return (
    <div className="space-y-4 border-line border-l-2 pl-3">
      {form.order_class === "oto" && (
        <Segmented
          small
          label="Which exit"
          options={[
            { value: "take_profit", label: "Take profit" },
            { value: "stop_loss", label: "Stop loss" },
          ]}
          value={form.exit}
          onChange={(exit) => change({ exit })}
        />
      )}
      {shape.exits.includes("take_profit") && <Value name="take_profit.limit_price" {...parts} />}
      {shape.exits.includes("stop_loss") && (
        <>
          <Select
            label="Stop loss"
            options={LOSSES.map((value) => ({ value, label: lossWords(value) }))}
            value={form.loss}
            onChange={(loss) => change({ loss })}
          />
          {shape.names
            .filter((name) => name.startsWith("stop_loss."))
            .map((name) => (
              <Value key={name} name={name} {...parts} />
            ))}
        </>
      )}
    </div>
  );
}

function Flag({
  name,
  on,
  wrong,
  onChange,
}: {
  name: string;
  on: boolean;
  wrong: string | undefined;
  onChange: (on: boolean) => void;
}) {
  const [label, hint] = flagWords(name);
  return (
    <label className="flex min-h-11 cursor-pointer items-start gap-2.5">
      <input
        type="checkbox"
        checked={on}
        aria-invalid={wrong ? true : undefined}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
      />
      <span>
        <span className="font-medium">{label}</span>
        <span className="block text-[0.8125rem] text-soft">{hint}</span>
        {wrong && <span className="block text-[0.8125rem] text-down">{wrong}</span>}
      </span>
    </label>
  );
}
