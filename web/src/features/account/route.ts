import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/account",
    title: "Account",
    nav: { label: "Account", icon: "person", order: 80 },
    load: () => import("./screen"),
  },
  {
    path: "/account/history",
    title: "What happened",
    load: () => import("./history"),
  },
  {
    path: "/account/past",
    title: "The account as it was",
    load: () => import("./past"),
  },
];
