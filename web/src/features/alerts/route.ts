import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/alerts",
    title: "Alerts",
    nav: { label: "Alerts", icon: "bell", order: 56 },
    load: () => import("./screen"),
  },
];
