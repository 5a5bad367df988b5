/** The operator's pages, as their tabs: one line each. */

export interface Tab {
  readonly path: string;
  readonly label: string;
  /** Not for instructors. */
  readonly admin?: boolean;
}

export const tabs: readonly Tab[] = [
  { path: "/operator", label: "Users" },
  { path: "/operator/presence", label: "Presence" },
  { path: "/operator/feeds", label: "Feeds", admin: true },
  { path: "/operator/requests", label: "Requests", admin: true },
  { path: "/operator/storage", label: "Storage", admin: true },
  { path: "/operator/audit", label: "Audit log", admin: true },
];
