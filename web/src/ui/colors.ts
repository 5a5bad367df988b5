/** The theme's colours as a canvas wants them: resolved for the theme that is drawn now. */
const NAMES = ["ground", "surface", "line", "ink", "soft", "accent", "up", "down", "warn"] as const;

export type Colors = Readonly<Record<(typeof NAMES)[number], string>>;

export function colors(): Colors {
  const found = NAMES.map((name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return [name, color];
  });
  return Object.fromEntries(found) as Colors;
}

const DARK = "(prefers-color-scheme: dark)";

/** Calls back when the theme that is drawn changes; for canvases, which CSS does not reach. */
export function onColors(changed: () => void): () => void {
  const system = matchMedia(DARK);
  const chosen = new MutationObserver(changed);
  system.addEventListener("change", changed);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", changed);
    chosen.disconnect();
  };
}

/** A colour from `colors`, let through: `amount` from 0 to 1. */
export function faded(color: string, amount: number): string {
  const parts = color.match(/[\d.]+/g) ?? ["0", "0", "0"];
  return `rgba(${parts.slice(0, 3).join(",")},${amount})`;
}
