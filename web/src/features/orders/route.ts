import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  {
    path: "/orders",
    title: "Orders",
    nav: { label: "Orders", icon: "list", order: 30, phone: true },
    load: () => import("./screen"),
  },
  {
    path: "/orders/$id",
    title: "Order",
    example: "/orders/00000000-0000-8000-8000-000000000000",
    load: () => import("./one"),
  },
  {
    path: "/activity",
    title: "Activity",
    nav: { label: "Activity", icon: "clock", order: 50 },
    load: () => import("./activity"),
  },
];
