/** Something that must be read: what happened, and what to do. */
import type { ReactNode } from "react";
import { classes } from "./classes";
import { Icon, type Icons } from "./icon";

const KINDS: Record<string, { look: string; icon: Icons }> = {
  info: { look: "bg-accent-wash text-ink", icon: "info" },
  warn: { look: "bg-warn-wash text-warn", icon: "warn" },
  wrong: { look: "bg-down-wash text-down", icon: "warn" },
  well: { look: "bg-up-wash text-up", icon: "check" },
};

export function Notice({
  kind = "info",
  title,
  children,
  className,
}: {
  kind?: "info" | "warn" | "wrong" | "well";
  title?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  const { look, icon } = KINDS[kind] ?? { look: "", icon: "info" };
  return (
    <div
      role={kind === "wrong" ? "alert" : "status"}
      className={classes(
        "appear flex gap-2.5 rounded-lg px-3 py-2.5 text-[0.8125rem]",
        look,
        className,
      )}
    >
      <Icon name={icon} className="mt-px size-[1.125rem]" />
      <div>
        {title && <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  );
}
