/** Keys as they are written on a keyboard: `g h`, `mod+k`. */

const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");
const NAMES: Readonly<Record<string, string>> = { Escape: "Esc", mod: MAC ? "⌘" : "Ctrl" };

export function Keycaps({ keys }: { keys: string }) {
  const pair = keys.split(" ");
  return (
    <span className="inline-flex items-center gap-1 text-soft text-xs">
      {pair.map((one, at) => (
        <span key={one} className="inline-flex items-center gap-1">
          {at > 0 && "then"}
          {one.split("+").map((cap) => (
            <kbd
              key={cap}
              className="min-w-6 rounded-md border border-line bg-sunken px-1.5 py-0.5 text-center font-medium font-sans text-ink"
            >
              {NAMES[cap] ?? (cap.length === 1 ? cap.toUpperCase() : cap)}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}
