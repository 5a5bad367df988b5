import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  { path: "/sign-in", title: "Sign in", public: true, load: () => import("./sign_in") },
  { path: "/sign-up", title: "Sign up", public: true, load: () => import("./sign_up") },
];
