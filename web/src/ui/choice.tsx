/** One of a few: as a row of segments in a form, or as tabs over what they show. */
import { type KeyboardEvent, type ReactNode, useId } from "react";
import { classes } from "./classes";

export interface Option<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
}

/** Radio buttons that look like one control. `tone` colours the chosen one. */
export function Segmented<T extends string>({
  label,
  options,
  value,
  onChange,
  tone,
  small = false,
}: {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
  tone?: (value: T) => string;
  small?: boolean;
}) {
  const name = useId();
  return (
    <fieldset className="flex gap-1 rounded-lg bg-sunken p-1">
      <legend className="sr-only">{label}</legend>
      {options.map((one) => (
        <label
          key={one.value}
          className={classes(
            "relative flex flex-1 cursor-pointer select-none items-center justify-center whitespace-nowrap rounded-md px-2.5 text-center font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent",
            small ? "min-h-8 text-[0.8125rem] max-sm:min-h-9 max-sm:px-1.5" : "min-h-9",
            one.value === value
              ? classes("shadow-card", tone?.(one.value) ?? "bg-raised text-ink")
              : "text-soft hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            value={one.value}
            checked={one.value === value}
            onChange={() => onChange(one.value)}
            className="absolute inset-0 cursor-pointer opacity-0"
          />
          {one.label}
        </label>
      ))}
    </fieldset>
  );
}

/** Tabs; arrows go from one to the next (WAI-ARIA authoring practices, tabs). */
export function Tabs<T extends string>({
  label,
  options,
  value,
  onChange,
  children,
}: {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
  /** What the chosen tab shows. */
  children: ReactNode;
}) {
  const id = useId();
  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = options.findIndex((one) => one.value === value);
    const steps: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: options.length - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = options[(to + options.length) % options.length];
    if (next === undefined) return;
    onChange(next.value);
    document.getElementById(`${id}-${next.value}`)?.focus();
  };
  return (
    <>
      <div
        role="tablist"
        aria-label={label}
        tabIndex={-1}
        onKeyDown={move}
        className="flex gap-5 overflow-x-auto border-line border-b px-4"
      >
        {options.map((one) => (
          <button
            key={one.value}
            id={`${id}-${one.value}`}
            type="button"
            role="tab"
            aria-selected={one.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={one.value === value ? 0 : -1}
            onClick={() => onChange(one.value)}
            className="-mb-px min-h-11 whitespace-nowrap border-transparent border-b-2 font-medium text-soft hover:text-ink focus-visible:-outline-offset-2 aria-selected:border-accent aria-selected:text-ink"
          >
            {one.label}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${value}`}>
        {children}
      </div>
    </>
  );
}
