/** The page's title, and the focus after a change of screen, for who listens to the page. */
import { useMatches } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Screen } from "@/lib/screen";

export function useTitle(screens: readonly Screen[]): void {
  const matches = useMatches();
  const last = matches.at(-1);
  const path = (last?.fullPath as string | undefined)?.replace(/(.)\/$/, "$1");
  const rest = (last?.params as Record<string, string> | undefined)?._splat;
  useEffect(() => {
    const found = screens.find((one) => one.path === path);
    const named = rest ?? found?.title;
    document.title = named ? `${named} · Stockyard` : "Stockyard";
  }, [screens, path, rest]);
}
