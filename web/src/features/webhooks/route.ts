import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  { path: "/webhooks", title: "Webhooks", load: () => import("./screen") },
];
