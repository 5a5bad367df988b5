/** A labelled input with its hint and what is wrong with it. */
import { type InputHTMLAttributes, type ReactNode, useId, useState } from "react";
import { IconButton } from "./button";
import { classes } from "./classes";
import { Icon } from "./icon";

export const CONTROL =
  "w-full min-h-11 rounded-lg border border-line-strong/60 bg-surface px-3 text-base sm:text-sm placeholder:text-soft focus-visible:outline-offset-0 aria-invalid:border-down";

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  /** What is wrong, and what would be right. */
  wrong?: string | null;
  after?: ReactNode;
  wideAfter?: boolean;
}

export function Field({
  label,
  hint,
  wrong,
  after,
  wideAfter = false,
  className,
  ...rest
}: FieldProps) {
  const id = useId();
  const says = wrong ? `${id}-wrong` : hint ? `${id}-hint` : undefined;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium text-[0.8125rem]">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={says}
          className={classes(
            CONTROL,
            after !== undefined && (wideAfter ? "pr-36 max-sm:pr-44" : "pr-12"),
          )}
          {...rest}
        />
        {after !== undefined && (
          <div className="absolute inset-y-0 right-0.5 flex items-center">{after}</div>
        )}
      </div>
      {wrong ? (
        <p id={`${id}-wrong`} className="mt-1.5 flex gap-1.5 text-[0.8125rem] text-down">
          <Icon name="warn" className="mt-px size-4" />
          {wrong}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="mt-1.5 text-[0.8125rem] text-soft">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

/** A password that can be looked at. */
export function PasswordField(props: Omit<FieldProps, "type" | "after">) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? "text" : "password"}
      after={
        <IconButton
          label={shown ? "Hide the password" : "Show the password"}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon name="eye" className={shown ? "text-accent" : ""} />
        </IconButton>
      }
    />
  );
}
