import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/",
    title: "Home",
    nav: { label: "Home", icon: "home", order: 10, phone: true },
    load: () => import("./screen"),
  },
];
