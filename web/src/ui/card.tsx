/** A sheet with a heading; `aside` stands at the heading's right. */
import { type ReactNode, useId } from "react";
import { classes } from "./classes";

export function Card({
  title,
  aside,
  children,
  className,
  flush = false,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
  /** The content reaches the edges, as a table does. */
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={classes("overflow-hidden rounded-xl border border-line bg-surface", className)}
    >
      {title && (
        <header className="flex min-h-12 items-center justify-between gap-3 px-4 pt-1">
          <h2 id={id} className="font-semibold text-[0.9375rem]">
            {title}
          </h2>
          {aside}
        </header>
      )}
      <div className={flush ? "" : classes("px-4 pb-4", !title && "pt-4")}>{children}</div>
    </section>
  );
}

/** What is shown where there is nothing yet: what will be here, and how it gets here. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-9 text-center">
      <p className="font-medium">{title}</p>
      {children && <p className="mt-1 max-w-sm text-pretty text-soft">{children}</p>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}

/** Stands where something is being loaded, as large as it will be. */
export function Waiting({ className }: { className?: string }) {
  return <span className={classes("waiting block", className)} aria-hidden="true" />;
}
