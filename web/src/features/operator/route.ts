import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/operator",
    title: "Users",
    nav: { label: "Operator", icon: "shield", order: 95, where: "operator" },
    load: () => import("./users"),
  },
  {
    path: "/operator/users/$id",
    title: "User",
    example: "/operator/users/00000000-0000-4000-8000-000000000000",
    load: () => import("./user"),
  },
  { path: "/operator/presence", title: "Presence", load: () => import("./presence") },
  { path: "/operator/feeds", title: "Feeds", load: () => import("./feeds") },
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
  {
    path: "/operator/storage",
    title: "Storage",
    load: () => import("./storage"),
  },
];
