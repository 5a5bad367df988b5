/** Light, dark, or whatever the system has; chosen once, kept in this browser. */
import { create } from "zustand";
import { keep, kept } from "@/lib/store";

export type Theme = "system" | "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

function chosen(): Theme {
  const found = kept("theme");
  return found === "light" || found === "dark" ? found : "system";
}

export const useTheme = create<{ theme: Theme }>(() => ({ theme: chosen() }));

export function setTheme(theme: Theme): void {
  keep("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  useTheme.setState({ theme });
}

/** What is drawn now. */
export function isDark(theme: Theme = useTheme.getState().theme): boolean {
  return theme === "system" ? matchMedia(DARK).matches : theme === "dark";
}
