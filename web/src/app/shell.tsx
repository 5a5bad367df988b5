/**
 * What stands around every screen: the way from one to another, who is signed in, and the theme. A
 * rail at the left where there is room, a bar under the thumb where there is not.
 */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { unread } from "@/state/alerts";
import { signOut, useSession } from "@/state/session";
import { setTheme, type Theme, useTheme } from "@/state/theme";
import { beginTour } from "@/state/tour";
import { IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";
import { Icon, type Icons, Mark } from "@/ui/icon";
import { Menu, MenuItem } from "@/ui/menu";
import { Accounts } from "./accounts";
import { Reached } from "./away";
import { CancelEverything } from "./cancel_all";
import { LinkBanner, Said } from "./said";
import { places } from "./screens";
import { SearchButton, Searching } from "./search";
import { Shortcuts, showShortcuts } from "./shortcuts";
import { StandingBanner } from "./standing";
import { useThere } from "./there";
import { DockedTicket, FloatingTicket, useTicketPlace } from "./ticket";
import { Tour } from "./tour";

export function Shell() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const first = useRef(path);
  useEffect(() => {
    if (first.current !== path) main.current?.focus({ preventScroll: true });
    first.current = path;
  }, [path]);
  const ticket = useTicketPlace();
  return (
    <div
      className={classes(
        "flex min-h-dvh flex-col lg:grid lg:grid-cols-[13.5rem_minmax(0,1fr)]",
        ticket.docked && "xl:grid-cols-[13.5rem_minmax(0,1fr)_21.5rem]",
      )}
    >
      <a
        href="#main"
        className="sr-only z-50 rounded-lg bg-accent px-4 py-2 font-medium text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Rail />
      <div
        className={classes(
          "flex min-w-0 flex-1 flex-col",
          ticket.symbol !== undefined && !ticket.docked
            ? "pb-[calc(8rem+env(safe-area-inset-bottom))] lg:pb-16"
            : "pb-[calc(4rem+env(safe-area-inset-bottom))] lg:pb-0",
        )}
      >
        <TopBar />
        <LinkBanner />
        <StandingBanner />
        <Tour symbol={ticket.symbol} />
        <main id="main" ref={main} tabIndex={-1} className="flex-1 focus-visible:outline-none">
          <Reached>
            <Outlet />
          </Reached>
        </main>
      </div>
      {ticket.docked && <DockedTicket symbol={ticket.symbol} />}
      <BottomBar />
      <FloatingTicket {...ticket} />
      <Said beside={ticket.docked} />
      <Shortcuts symbol={ticket.symbol} />
      <Searching />
      <CancelEverything />
    </div>
  );
}

function Rail() {
  const isThere = useThere();
  const shown = places.filter(isThere);
  return (
    <nav
      aria-label="Main"
      className="sticky top-0 hidden h-dvh flex-col gap-1 border-line border-r bg-surface px-3 py-4 lg:flex"
    >
      <Link to="/" className="mb-4 flex items-center gap-2.5 rounded-lg px-2 py-1">
        <Mark className="size-7" />
        <span className="font-semibold text-[0.9375rem] tracking-tight">Stockyard</span>
      </Link>
      {shown.map((place) => (
        <Link
          key={place.path}
          to={place.path}
          activeOptions={{ exact: place.path === "/" }}
          className="flex min-h-10 items-center gap-3 rounded-lg px-2.5 font-medium text-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-accent-wash aria-[current=page]:text-accent"
        >
          <Icon name={place.icon} />
          {place.label}
        </Link>
      ))}
    </nav>
  );
}

function BottomBar() {
  const shown = places.filter((place) => place.phone);
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-30 flex border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {shown.map((place) => (
        <Link
          key={place.path}
          to={place.path}
          activeOptions={{ exact: place.path === "/" }}
          className="flex min-h-16 flex-1 flex-col items-center justify-center gap-1 font-medium text-[0.6875rem] text-soft aria-[current=page]:text-accent"
        >
          <Icon name={place.icon} className="size-6" />
          {place.label}
        </Link>
      ))}
    </nav>
  );
}

function TopBar() {
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-line border-b bg-ground/95 px-4 backdrop-blur-sm lg:px-6">
      <Link to="/" aria-label="Home" className="rounded-lg lg:hidden">
        <Mark className="size-7" />
      </Link>
      <SearchButton />
      <div className="flex-1" />
      <Accounts />
      <InboxLink />
      <Person />
    </header>
  );
}

function InboxLink() {
  const { data } = useQuery(unread);
  const count = data ?? 0;
  return (
    <Link
      to="/inbox"
      aria-label={count > 0 ? `Inbox, ${count} not read` : "Inbox"}
      title="Inbox"
      className="relative inline-flex size-10 items-center justify-center rounded-lg text-soft hover:bg-sunken hover:text-ink aria-[current=page]:text-accent"
    >
      <Icon name="bell" />
      {count > 0 && (
        <span className="tabular absolute top-0.5 right-0 min-w-4.5 rounded-full bg-accent px-1 text-center font-semibold text-[0.6875rem] text-accent-ink leading-[1.125rem]">
          {count > 99 ? "99+" : count}
        </span>
      )}
    </Link>
  );
}

const THEMES: readonly { theme: Theme; label: string; icon: Icons }[] = [
  { theme: "system", label: "System", icon: "screen" },
  { theme: "light", label: "Light", icon: "sun" },
  { theme: "dark", label: "Dark", icon: "moon" },
];

/** What a phone's bar has no room for. */
const MORE = [
  { to: "/alerts", icon: "bell", label: "Alerts" },
  { to: "/watchlists", icon: "star", label: "Watchlists" },
] as const;

function Person() {
  const user = useSession((session) => session.user);
  const { theme } = useTheme();
  return (
    <Menu
      label="You"
      trigger={(props) => (
        <IconButton label="You and your settings" {...props}>
          <Icon name="person" />
        </IconButton>
      )}
    >
      <div className="border-line border-b px-3 pt-1.5 pb-2.5">
        <p className="truncate font-semibold">{user?.name ?? "Signed in"}</p>
        <p className="truncate text-[0.8125rem] text-soft">{user?.email}</p>
      </div>
      <fieldset className="m-2 grid grid-cols-3 gap-1 rounded-lg bg-sunken p-1">
        <legend className="sr-only">Theme</legend>
        {THEMES.map((one) => (
          <button
            key={one.theme}
            type="button"
            aria-pressed={theme === one.theme}
            onClick={() => setTheme(one.theme)}
            className={classes(
              "flex min-h-12 flex-col items-center justify-center gap-0.5 rounded-md text-xs",
              theme === one.theme ? "bg-raised font-medium shadow-card" : "text-soft",
            )}
          >
            <Icon name={one.icon} className="size-4" />
            {one.label}
          </button>
        ))}
      </fieldset>
      <Link
        to="/account"
        className="flex min-h-11 items-center gap-3 px-3.5 hover:bg-sunken focus-visible:-outline-offset-2"
      >
        <Icon name="gear" />
        Account
      </Link>
      {user !== null && user.role !== "user" && (
        <Link
          to="/operator"
          className="flex min-h-11 items-center gap-3 px-3.5 hover:bg-sunken focus-visible:-outline-offset-2"
        >
          <Icon name="shield" />
          Operator
        </Link>
      )}
      {MORE.map(({ to, icon, label }) => (
        <Link
          key={to}
          to={to}
          className="flex min-h-11 items-center gap-3 px-3.5 hover:bg-sunken focus-visible:-outline-offset-2 lg:hidden"
        >
          <Icon name={icon} />
          {label}
        </Link>
      ))}
      <MenuItem onClick={beginTour}>
        <Icon name="star" />
        First trade, step by step
      </MenuItem>
      <MenuItem onClick={() => showShortcuts(true)}>
        <Icon name="keyboard" />
        Keyboard
      </MenuItem>
      <MenuItem onClick={signOut}>
        <Icon name="exit" />
        Sign out
      </MenuItem>
    </Menu>
  );
}
