import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/controls",
    title: "Test controls",
    nav: { label: "Controls", icon: "flask", order: 90, where: "controls" },
    load: () => import("./screen"),
  },
];
