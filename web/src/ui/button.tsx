/** Buttons: at least 44 pixels high where fingers are, never disabled without saying why nearby. */
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { classes } from "./classes";

const KINDS = {
  main: "bg-accent text-accent-ink hover:opacity-90 font-semibold",
  plain: "border border-line bg-surface hover:bg-sunken font-medium",
  quiet: "text-soft hover:bg-sunken hover:text-ink font-medium",
  buy: "bg-up text-accent-ink hover:opacity-90 font-semibold",
  sell: "bg-down text-accent-ink hover:opacity-90 font-semibold",
  danger: "border border-down text-down hover:bg-down-wash font-medium",
} as const;
const SIZES = {
  small: "min-h-8 px-2.5 text-[0.8125rem] rounded-md gap-1.5",
  medium: "min-h-10 px-3.5 rounded-lg gap-2",
  large: "min-h-12 px-5 rounded-xl text-[0.9375rem] gap-2",
} as const;

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: keyof typeof KINDS;
  size?: keyof typeof SIZES;
  /** It has been pressed and nobody has answered yet; it stays focusable and cannot be pressed. */
  busy?: boolean;
  children: ReactNode;
}

export function Button({
  kind = "plain",
  size = "medium",
  busy = false,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
      className={classes(
        "inline-flex select-none items-center justify-center whitespace-nowrap transition-[background-color,opacity] disabled:cursor-not-allowed disabled:opacity-45",
        KINDS[kind],
        SIZES[size],
        busy && "cursor-progress",
        className,
      )}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

/** A button that is only an icon; `label` is what it does. */
export function IconButton({
  label,
  className,
  children,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, "aria-label"> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classes(
        "inline-flex size-10 items-center justify-center rounded-lg text-soft hover:bg-sunken hover:text-ink disabled:opacity-45",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}

export function Spinner() {
  return (
    <svg
      viewBox="0 0 16 16"
      className="size-4 shrink-0 animate-spin"
      fill="none"
      aria-hidden="true"
    >
      <circle cx="8" cy="8" r="6" stroke="currentColor" strokeOpacity="0.3" strokeWidth="2" />
      <path d="M14 8a6 6 0 0 0-6-6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
