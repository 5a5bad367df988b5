import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  { path: "/security", title: "Security", load: () => import("./screen") },
];
