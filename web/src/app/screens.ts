/** Every screen there is: what the folders of features/ say about themselves. */
import type { Screen } from "@/lib/screen";

const found = import.meta.glob<readonly Screen[]>("../features/*/route.ts", {
  eager: true,
  import: "screens",
});

export const screens: readonly Screen[] = Object.values(found).flat();

export const places = screens
  .flatMap((screen) => (screen.nav ? [{ ...screen.nav, path: screen.path }] : []))
  .sort((a, b) => a.order - b.order);
