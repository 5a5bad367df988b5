/**
 * A dialog: the browser's own, so that focus stays inside, Escape closes it and what lies behind is
 * out of reach. A sheet from below on a phone, where the thumb is.
 */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./button";
import { classes } from "./classes";
import { Icon } from "./icon";

export function Dialog({
  open,
  onClose,
  title,
  children,
  foot,
  wide = false,
}: {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  /** Buttons, which stay in sight. */
  foot?: ReactNode;
  wide?: boolean;
}) {
  const id = useId();
  const place = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = place.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  if (!open) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key, and the browser's
    <dialog
      ref={place}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === place.current && onClose()}
      className={classes(
        "appear m-0 mt-auto max-h-[92dvh] w-full max-w-none flex-col overflow-hidden rounded-t-2xl border border-line bg-raised shadow-float backdrop:bg-[#000]/45 open:flex",
        "sm:m-auto sm:rounded-2xl",
        wide ? "sm:max-w-2xl" : "sm:max-w-md",
      )}
    >
      <header className="flex items-center justify-between gap-3 py-2 pr-2 pl-5">
        <h2 id={id} className="font-semibold text-base">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <Icon name="close" />
        </IconButton>
      </header>
      <div className="overflow-y-auto px-5 pb-5">{children}</div>
      {foot && (
        <footer className="flex justify-end gap-2 border-line border-t px-5 pt-3 pb-[calc(0.75rem+env(safe-area-inset-bottom))]">
          {foot}
        </footer>
      )}
    </dialog>
  );
}
