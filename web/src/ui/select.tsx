/** One of many: the browser's own list, which phones show as their own too. */
import { type SelectHTMLAttributes, useId } from "react";
import { classes } from "./classes";
import { CONTROL } from "./field";
import { Icon } from "./icon";

export function Select<T extends string>({
  label,
  options,
  value,
  onChange,
  className,
  ...rest
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange" | "value"> & {
  label: string;
  options: readonly { readonly value: T; readonly label: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium text-[0.8125rem]">
        {label}
      </label>
      <div className="relative">
        <select
          id={id}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
          className={classes(CONTROL, "cursor-pointer appearance-none pr-9")}
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
    </div>
  );
}
