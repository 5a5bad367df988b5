import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  { path: "/inbox", title: "Inbox", load: () => import("./screen") },
];
