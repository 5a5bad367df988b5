import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    // A pair's symbol has a slash, so it is the rest of the path.
    path: "/symbols/$",
    title: "Symbol",
    example: "/symbols/BTC/USD",
    load: () => import("./screen"),
  },
  {
    path: "/markets",
    title: "Markets",
    nav: { label: "Markets", icon: "chart", order: 20, phone: true },
    load: () => import("./markets"),
  },
];
