import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/portfolio",
    title: "Portfolio",
    nav: { label: "Portfolio", icon: "pie", order: 45 },
    load: () => import("./screen"),
  },
];
