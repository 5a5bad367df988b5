/** A value to take away: it can be selected, and a button copies it where the browser lets it. */
import { useId, useRef, useState } from "react";
import { Button } from "./button";
import { Icon } from "./icon";

export function Copy({ label, value }: { label: string; value: string }) {
  const id = useId();
  const place = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setSaid("Copied");
    } catch {
      place.current?.focus();
      place.current?.select();
      setSaid("Selected: copy it with Ctrl+C");
    }
    setTimeout(() => setSaid(null), 4_000);
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium text-[0.8125rem]">
        {label}
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          ref={place}
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
          className="min-h-11 min-w-0 flex-1 rounded-lg border border-line bg-sunken px-3 font-mono text-[0.8125rem]"
        />
        <Button className="min-h-11" aria-label={`Copy: ${label}`} onClick={copy}>
          {said === "Copied" ? <Icon name="check" className="text-up" /> : "Copy"}
        </Button>
      </div>
      <p role="status" className="text-[0.8125rem] text-soft">
        {said}
      </p>
    </div>
  );
}
