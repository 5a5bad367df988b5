import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/market",
    title: "Data",
    nav: { label: "Data", icon: "pulse", order: 70 },
    load: () => import("./screen"),
  },
];
