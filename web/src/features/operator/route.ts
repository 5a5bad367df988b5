import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/operator/audit",
    title: "Audit log",
    load: () => import("./audit"),
  },
  {
    path: "/operator/requests",
    title: "Requests",
    load: () => import("./requests"),
  },
];
