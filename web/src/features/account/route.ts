import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/account",
    title: "Account",
    nav: { label: "Account", icon: "person", order: 70 },
    load: () => import("./screen"),
  },
];
