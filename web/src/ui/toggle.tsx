/** A switch: on or off, at once. */
import { type ReactNode, useId } from "react";
import { classes } from "./classes";

export function Toggle({
  label,
  hint,
  on,
  onChange,
  className,
}: {
  label: string;
  hint?: ReactNode;
  on: boolean;
  onChange: (on: boolean) => void;
  className?: string;
}) {
  const id = useId();
  return (
    <div className={classes("flex items-center justify-between gap-4", className)}>
      <label htmlFor={id} className="flex-1">
        <span className="font-medium">{label}</span>
        {hint && (
          <span id={`${id}-hint`} className="block text-[0.8125rem] text-soft">
            {hint}
          </span>
        )}
      </label>
      <span className="relative inline-flex h-11 w-12 shrink-0 items-center">
        <input
          id={id}
          type="checkbox"
          role="switch"
          checked={on}
          aria-checked={on}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => onChange(event.target.checked)}
          className="peer absolute inset-0 cursor-pointer opacity-0"
        />
        <span
          aria-hidden="true"
          className="h-7 w-12 rounded-full border border-line-strong bg-sunken transition-colors after:absolute after:top-1/2 after:left-1 after:size-5 after:-translate-y-1/2 after:rounded-full after:bg-line-strong after:transition-[left] peer-checked:border-accent peer-checked:bg-accent peer-checked:after:left-6 peer-checked:after:bg-accent-ink peer-focus-visible:outline-2 peer-focus-visible:outline-accent peer-focus-visible:outline-offset-2"
        />
      </span>
    </div>
  );
}
