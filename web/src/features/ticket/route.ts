import type { Screen } from "@/lib/screen";

/** The ticket is no screen: the shell shows it beside, or above, whichever screen is open. */
export const screens: readonly Screen[] = [];
