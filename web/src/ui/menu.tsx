/** A button that opens a small sheet under itself: the browser's own popover, so Escape closes it. */
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";

/** Closes the menu that one is in. */
const Shut = createContext(() => {});

interface TriggerProps {
  "aria-expanded": boolean;
  "aria-controls": string;
  onClick: () => void;
}

export function Menu({
  label,
  trigger,
  children,
}: {
  label: string;
  trigger: (props: TriggerProps) => ReactNode;
  /** A function is given what closes it. */
  children: ReactNode | ((close: () => void) => ReactNode);
}) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);

  const shut = () => {
    setOpen(false);
    place.current?.querySelector<HTMLElement>("[aria-expanded]")?.focus();
  };

  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    const close = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      setOpen(false);
      place.current?.querySelector<HTMLElement>("[aria-expanded]")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      document.removeEventListener("keydown", close);
    };
  }, [open]);

  return (
    <div ref={place} className="relative">
      {trigger({ "aria-expanded": open, "aria-controls": id, onClick: () => setOpen(!open) })}
      {open && (
        // biome-ignore lint/a11y/useSemanticElements: it is no form's group
        <div
          id={id}
          role="group"
          aria-label={label}
          className="appear absolute top-full right-0 z-40 mt-1.5 w-60 rounded-xl border border-line bg-raised py-1.5 shadow-float"
        >
          <Shut value={shut}>{typeof children === "function" ? children(shut) : children}</Shut>
        </div>
      )}
    </div>
  );
}

export function MenuItem({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  const shut = useContext(Shut);
  return (
    <button
      type="button"
      onClick={() => {
        shut();
        onClick();
      }}
      className="flex min-h-11 w-full items-center gap-3 px-3.5 text-left hover:bg-sunken focus-visible:-outline-offset-2"
    >
      {children}
    </button>
  );
}
