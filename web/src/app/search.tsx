/** Where the search over everything is opened; it is loaded when it first is, or shortly before. */
import { lazy, Suspense, useEffect } from "react";
import { later } from "@/lib/later";
import { openFinder, useFinder } from "@/state/finder";
import { Icon } from "@/ui/icon";
import { Keycaps } from "@/ui/keycaps";

const load = () => import("./finder");
const Finder = lazy(() => later(load));

export function SearchButton() {
  return (
    <button
      type="button"
      aria-keyshortcuts="/ Control+K Meta+K"
      onClick={() => openFinder()}
      className="flex min-h-11 min-w-11 items-center justify-center gap-2.5 rounded-lg text-soft hover:text-ink sm:w-72 sm:justify-start sm:border sm:border-line sm:bg-surface sm:px-3 lg:min-h-10"
    >
      <Icon name="search" />
      <span className="flex-1 text-left max-sm:sr-only">Search</span>
      <span className="max-lg:hidden" aria-hidden="true">
        <Keycaps keys="/" />
      </span>
    </button>
  );
}

export function Searching() {
  const { open } = useFinder();
  useEffect(() => {
    const soon = setTimeout(() => void load().catch(() => undefined), 3_000);
    return () => clearTimeout(soon);
  }, []);
  if (!open) return null;
  return (
    <Suspense>
      <Finder />
    </Suspense>
  );
}
