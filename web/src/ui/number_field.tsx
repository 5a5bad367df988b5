/**
 * A number as decimal text: what is typed stays what was typed. Arrow keys and two buttons go by
 * `step`; a comma typed for a point is taken as one.
 */
import type { KeyboardEvent, ReactNode } from "react";
import { add, compare, multiply, parse, subtract, toStep } from "@/lib/decimal";
import { Field } from "./field";
import { Icon } from "./icon";

export function NumberField({
  label,
  value,
  onChange,
  step = "1",
  least = "0",
  start = least,
  hint,
  wrong,
  unit,
  autoFocus,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  step?: string;
  least?: string;
  /** Where stepping begins while the field is empty. */
  start?: string;
  hint?: ReactNode;
  wrong?: string | null;
  /** What it counts, shown at the right. */
  unit?: ReactNode;
  autoFocus?: boolean;
}) {
  const go = (up: boolean, by: string) => {
    if (value === "" && start !== least) return onChange(toStep(start, step));
    const now = parse(value) === null ? least : value;
    const next = toStep(up ? add(now, by) : subtract(now, by), step);
    onChange(compare(next, least) < 0 ? least : next);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const far = event.shiftKey ? multiply(step, "10") : step;
    go(event.key === "ArrowUp", far);
  };
  return (
    <Field
      label={label}
      value={value}
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      autoFocus={autoFocus}
      onKeyDown={key}
      onChange={(event) => onChange(event.target.value.replace(",", ".").trim())}
      hint={hint}
      wrong={wrong ?? null}
      wideAfter
      after={
        <span className="flex items-center gap-0.5">
          {unit && <span className="px-1 text-[0.8125rem] text-soft">{unit}</span>}
          <Step
            label={`Less ${label.toLowerCase()}`}
            icon="minus"
            onClick={() => go(false, step)}
          />
          <Step label={`More ${label.toLowerCase()}`} icon="plus" onClick={() => go(true, step)} />
        </span>
      }
    />
  );
}

function Step({
  label,
  icon,
  onClick,
}: {
  label: string;
  icon: "plus" | "minus";
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      onClick={onClick}
      className="flex size-9 max-sm:size-11 items-center justify-center rounded-md text-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name={icon} className="size-4" />
    </button>
  );
}
