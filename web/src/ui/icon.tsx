/** Line icons on a grid of 24, drawn in the colour of the text around them. */
import type { IconName } from "@/lib/screen";
import { classes } from "./classes";

const PATHS = {
  home: "M4 11.2 12 4.5l8 6.7V19a1 1 0 0 1-1 1h-4.5v-5.5h-5V20H5a1 1 0 0 1-1-1z",
  search: "M10.8 17.6a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6ZM20 20l-4.3-4.3",
  chart: "M7 4v3M7 15v4M5 7h4v8H5zM17 3v4M17 14v6M15 7h4v7h-4z",
  list: "M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.01M4 12h.01M4 18h.01",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2",
  layers: "m12 4 8.5 4.5L12 13 3.5 8.5zM4 12.5l8 4.3 8-4.3M4 16.3l8 4.2 8-4.2",
  pie: "M12 3.5V12l6.500 5.500A8.5 8.5 0 1 1 12 3.500M15.500 4.200A8.500 8.500 0 0 1 20.300 10.500H15.500z",
  pulse: "M3 12.5h4l2.5-7 4.5 13 2.7-6H21",
  person:
    "M12 11.5a3.8 3.8 0 1 0 0-7.5 3.8 3.8 0 0 0 0 7.5ZM4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  star: "m12 4 2.5 5.1 5.5.800-4 3.9 1 5.6-5-2.6-5 2.6 1-5.6-4-3.9 5.5-.8z",
  bell: "M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4",
  gear: "M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM12 3.5v2.3M12 18.2v2.3M3.5 12h2.3M18.2 12h2.3M6 6l1.6 1.6M16.4 16.4 18 18M18 6l-1.6 1.6M7.6 16.4 6 18",
  flask: "M9.5 4h5M10.5 4v6L5 19a1 1 0 0 0 .9 1.5h12.2A1 1 0 0 0 19 19l-5.5-9V4",
  shield: "M12 3.8 19 6.5v5c0 4.3-2.9 7.3-7 8.7-4.1-1.4-7-4.4-7-8.7v-5z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1",
  moon: "M20 14.5A8.3 8.3 0 0 1 9.5 4a8.3 8.3 0 1 0 10.5 10.5Z",
  screen: "M4 5h16v11H4zM9 20h6M12 16v4",
  keyboard: "M3 6.500h18v11H3zM6.500 10h.010M10 10h.010M14 10h.010M17.500 10h.010M8 14h8",
  exit: "M14 5H5.5v14H14M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5",
  close: "m6 6 12 12M18 6 6 18",
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m9 6 6 6-6 6",
  down: "m6 9 6 6 6-6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  warn: "M12 4 21 19.5H3zM12 10v4.5M12 17h.010",
  info: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 11v5M12 8h.010",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  page: "M6 3.5h8l4.500 4.500V20.500H6zM14 3.5V8h4.500M9 12.5h6M9 16h6",
  more: "M5 12h.010M12 12h.010M19 12h.010",
} satisfies Record<string, string> & Record<IconName, string>;

export type Icons = keyof typeof PATHS;

/** Says nothing by itself: the text beside it, or the button's label, does. */
export function Icon({ name, className }: { name: Icons; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={classes("size-5 shrink-0", className)}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The house's mark: two candles. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 64 64" className={classes("size-8 shrink-0", className)} aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="#0e6a64" />
      <g stroke="#fff" strokeWidth="4" strokeLinecap="round">
        <path d="M20 14v36M44 10v38" />
      </g>
      <rect x="13" y="22" width="14" height="20" rx="3" fill="#fff" />
      <rect x="37" y="18" width="14" height="20" rx="3" fill="#8fe0cd" />
    </svg>
  );
}
