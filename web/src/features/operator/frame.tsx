/** What stands around every page of the operator: its tabs, for those whom they are for. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSession } from "@/state/session";
import { Empty } from "@/ui/card";
import { tabs } from "./tabs";

/** `admin`: instructors may not. */
export function Operator({ children, admin = false }: { children: ReactNode; admin?: boolean }) {
  const role = useSession((session) => session.user?.role);
  if (role === undefined) return null;
  if (role === "user" || (admin && role !== "admin")) {
    return (
      <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
        <Heading />
        <Empty title="These pages are not for you">
          They are for those who run this Stockyard: ask an administrator for the role.
        </Empty>
      </div>
    );
  }
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <Heading />
      <Tabs />
      {children}
    </div>
  );
}

function Heading() {
  return <h1 className="font-semibold text-xl tracking-tight">Operator</h1>;
}

/** The way from one of the operator's pages to another, for those whom they are for. */
export function Tabs() {
  const role = useSession((session) => session.user?.role);
  if (role === undefined || role === "user") return null;
  const shown = tabs.filter((tab) => role === "admin" || !tab.admin);
  return (
    <nav
      aria-label="Operator"
      className="-mx-3 flex gap-1 overflow-x-auto border-line border-b px-3 sm:mx-0 sm:px-0"
    >
      {shown.map((tab) => (
        <Link
          key={tab.path}
          to={tab.path}
          activeOptions={{ exact: true, includeSearch: false }}
          className="-mb-px flex min-h-11 items-center whitespace-nowrap border-transparent border-b-2 px-3 font-medium text-soft hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:border-accent aria-[current=page]:text-accent"
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
