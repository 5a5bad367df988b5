/** How long something has been held, in the largest units that say it: 3 days, 1 year 2 months. */
const DAY_MS = 86_400_000;

export function heldFor(since: string, until: number | string = Date.now()): string {
  const end = typeof until === "string" ? Date.parse(until) : until;
  const days = Math.max(0, Math.floor((end - Date.parse(since)) / DAY_MS));
  if (days === 0) return "less than a day";
  if (days < 60) return plural(days, "day");
  const months = Math.floor(days / 30.436875);
  if (months < 12) return plural(months, "month");
  const rest = months % 12;
  const years = plural(Math.floor(months / 12), "year");
  return rest === 0 ? years : `${years} ${plural(rest, "month")}`;
}

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;
