import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/positions",
    title: "Positions",
    nav: { label: "Positions", icon: "layers", order: 40, phone: true },
    load: () => import("./screen"),
  },
  {
    path: "/positions/$",
    title: "Position",
    example: "/positions/KO",
    load: () => import("./one"),
  },
];
