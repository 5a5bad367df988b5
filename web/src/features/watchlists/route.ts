import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/watchlists",
    title: "Watchlists",
    nav: { label: "Watchlists", icon: "star", order: 25 },
    load: () => import("./screen"),
  },
];
