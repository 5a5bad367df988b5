import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/statements",
    title: "Statements",
    nav: { label: "Statements", icon: "page", order: 55 },
    load: () => import("./screen"),
  },
];
