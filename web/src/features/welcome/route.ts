import type { Screen } from "@/lib/screen";

export const screens: readonly Screen[] = [
  { path: "/sign-in", title: "Sign in", public: true, load: () => import("./sign_in") },
  { path: "/by-mail", title: "Sign in by mail", public: true, load: () => import("./by_mail") },
  { path: "/forgot", title: "Forgotten password", public: true, load: () => import("./forgot") },
  { path: "/link", title: "Sign in", public: true, anybody: true, load: () => import("./link") },
  {
    path: "/reset",
    title: "New password",
    public: true,
    anybody: true,
    load: () => import("./reset"),
  },
  {
    path: "/confirm-email",
    title: "Confirm your address",
    public: true,
    anybody: true,
    load: () => import("./confirm_email"),
  },
  {
    path: "/finish",
    title: "Open an account",
    public: true,
    anybody: true,
    load: () => import("./finish"),
  },
  { path: "/sign-up", title: "Sign up", public: true, load: () => import("./sign_up") },
];
