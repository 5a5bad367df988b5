/** A button whose press must not be doubled: it says in words how far it is. */
import { useEffect, useState } from "react";
import { Button, type ButtonProps } from "./button";
import { classes } from "./classes";
import { Icon } from "./icon";

export interface SubmitWords {
  readonly sending: string;
  readonly slow: string;
  readonly unknown: string;
  readonly done: string;
}

const WORDS: SubmitWords = {
  sending: "Sending…",
  slow: "Still sending…",
  unknown: "Finding out…",
  done: "Done",
};
const MORE: Record<string, string> = {
  slow: "This takes longer than usual. Nothing more needs pressing.",
  unknown: "No answer came. The server is asked what became of it; it cannot happen twice.",
};
/** How long it stands as done before it can be pressed for the next one. */
const DONE_MS = 1_200;

export function SubmitButton({
  state,
  label,
  onPress,
  words,
  kind = "main",
  size = "large",
  type = "button",
  className,
  disabled = false,
}: {
  state: { readonly is: "ready" | "sending" | "slow" | "unknown" | "done" | "denied" };
  label: string;
  /** Left out for a form's `submit`. */
  onPress?: () => void;
  words?: Partial<SubmitWords>;
  kind?: ButtonProps["kind"];
  size?: ButtonProps["size"];
  type?: "button" | "submit";
  className?: string;
  /** Say nearby why. */
  disabled?: boolean;
}) {
  const { is } = state;
  const busy = is === "sending" || is === "slow" || is === "unknown";
  const [rests, setRests] = useState(false);
  useEffect(() => {
    setRests(is === "done");
    if (is !== "done") return;
    const end = setTimeout(() => setRests(false), DONE_MS);
    return () => clearTimeout(end);
  }, [is]);
  const all = { ...WORDS, ...words };
  const text = busy ? all[is] : rests ? all.done : label;
  return (
    <div className={className}>
      <Button
        kind={kind}
        size={size}
        busy={busy}
        disabled={disabled}
        className={classes("w-full", rests && "pointer-events-none")}
        type={type}
        onClick={() => !rests && onPress?.()}
      >
        {rests && <Icon name="check" />}
        {text}
      </Button>
      <p role="status" className="text-pretty text-[0.8125rem] text-soft">
        {MORE[is] && <span className="block pt-2">{MORE[is]}</span>}
      </p>
    </div>
  );
}
