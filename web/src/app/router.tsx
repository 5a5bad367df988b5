/** The screens as routes: public ones bare, all others inside the shell and behind the sign-in. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { later } from "@/lib/later";
import type { Screen } from "@/lib/screen";
import { useSession } from "@/state/session";
import { Broken, Lost } from "./lost";
import { screens } from "./screens";
import { useTitle } from "./title";
import { NewVersion } from "./update";

const isIn = () => useSession.getState().token !== null;

/** Only paths of this app: nobody is sent elsewhere after signing in. */
export function safe(path: unknown): string {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : "/";
}

const root = createRootRoute({
  component: Root,
  notFoundComponent: Lost,
  errorComponent: Broken,
});

function Root() {
  useTitle(screens);
  return (
    <>
      <NewVersion />
      <Outlet />
    </>
  );
}

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  // Not needed to sign in; otherwise it comes beside the screen.
  component: lazyRouteComponent(() => later(() => import("./shell")), "Shell"),
  beforeLoad: ({ location }) => {
    if (!isIn()) {
      const from = location.href === "/" ? {} : { from: location.href };
      throw redirect({ to: "/sign-in", search: from });
    }
  },
});

/** A path that another goes on from with anything (`/positions/$`) is that one's index. */
const hasMore = (path: string) => screens.some((one) => one.path === `${path}/$`);

function routeOf(screen: Screen) {
  return createRoute({
    getParentRoute: () => (screen.public ? root : inside),
    path: hasMore(screen.path) ? `${screen.path}/` : screen.path,
    component: lazyRouteComponent(() => later(screen.load)),
    ...(screen.public &&
      !screen.anybody && {
        beforeLoad: ({ search }: { search: Record<string, unknown> }) => {
          if (isIn()) throw redirect({ href: safe(search.from) });
        },
      }),
  });
}

const outer = screens.filter((one) => one.public).map(routeOf);
const inner = screens.filter((one) => !one.public).map(routeOf);

export const router = createRouter({
  routeTree: root.addChildren([...outer, inside.addChildren(inner)]),
  defaultPreload: "intent",
  defaultNotFoundComponent: Lost,
  scrollRestoration: true,
});

// Signing in or out, here or in another tab, decides anew what may be seen.
useSession.subscribe((now, before) => {
  if ((now.token === null) !== (before.token === null)) void router.invalidate();
});
