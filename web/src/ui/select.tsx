/** One of many: the browser's own list, which phones show as their own too. */
import { type ReactNode, type SelectHTMLAttributes, useId } from "react";
import { classes } from "./classes";
import { CONTROL } from "./field";
import { Icon } from "./icon";

export function Select<T extends string>({
  label,
  options,
  value,
  onChange,
  hint,
  wrong,
  className,
  ...rest
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> & {
  label: string;
  options: readonly { readonly value: T; readonly label: string }[];
  value: T;
  onChange: (value: T) => void;
  hint?: ReactNode;
  wrong?: string | null;
}) {
  const id = useId();
  const says = wrong || hint ? `${id}-says` : undefined;
  return (
    <div className={classes("min-w-0", className)}>
      <label htmlFor={id} className="mb-1.5 block font-medium text-[0.8125rem]">
        {label}
      </label>
      <div className="relative">
        <select
          id={id}
          value={value}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={says}
          onChange={(event) => onChange(event.target.value as T)}
          className={classes(CONTROL, "cursor-pointer appearance-none truncate pr-9")}
          {...rest}
        >
          {options.map((one) => (
            <option key={one.value} value={one.value} className="bg-raised">
              {one.label}
            </option>
          ))}
        </select>
        <Icon
          name="down"
          className="pointer-events-none absolute top-1/2 right-2.5 size-4 -translate-y-1/2 text-soft"
        />
      </div>
      {says && (
        <p
          id={says}
          className={classes("mt-1.5 text-[0.8125rem]", wrong ? "text-down" : "text-soft")}
        >
          {wrong || hint}
        </p>
      )}
    </div>
  );
}
