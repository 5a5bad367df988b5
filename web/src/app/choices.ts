/** Everything that can be found, with what choosing it does. */
import { useNavigate } from "@tanstack/react-router";
import { known } from "@/lib/loadable";
import { recent, remember } from "@/state/finder";
import { useOpenOrders } from "@/state/live";
import { chooseAccount, signOut, useSession } from "@/state/session";
import { setTheme, type Theme } from "@/state/theme";
import { openTicket } from "@/state/ticket";
import { askCancelAll } from "./cancel_all";
import { type Choice, type Group, type Known, kindOf, matches, type Wish } from "./found";
import { screens } from "./screens";
import { GO, showShortcuts } from "./shortcuts";
import { useThere } from "./there";

const THEMES: readonly { theme: Theme; label: string; icon: "screen" | "sun" | "moon" }[] = [
  { theme: "light", label: "Theme: light", icon: "sun" },
  { theme: "dark", label: "Theme: dark", icon: "moon" },
  { theme: "system", label: "Theme: as the system", icon: "screen" },
];

export function useChoices(
  wish: Wish,
  symbols: readonly Known[],
  all: readonly Known[],
): readonly Group[] {
  const go = useNavigate();
  const isThere = useThere();
  const open = known(useOpenOrders())?.length ?? 0;
  const { accounts, accountId } = useSession();
  const { side, qty, text } = wish;

  const trade = (one: Known, which: "buy" | "sell", many: string | null): Choice => ({
    id: `${which}-${one.symbol}`,
    label: `${which === "buy" ? "Buy" : "Sell"} ${many === null ? "" : `${many} `}${one.symbol}`,
    below: one.name,
    icon: which === "buy" ? "plus" : "minus",
    symbol: one.symbol,
    run: () => {
      remember(one.symbol);
      openTicket({ symbol: one.symbol, side: which, ...(many !== null && { qty: many }) });
    },
  });
  const look = (one: Known): Choice => ({
    id: `symbol-${one.symbol}`,
    label: one.symbol,
    below: kindOf(one),
    icon: "chart",
    symbol: one.symbol,
    run: () => {
      remember(one.symbol);
      void go({ to: "/symbols/$", params: { _splat: one.symbol } });
    },
  });
  const before = recent().flatMap((symbol) => all.find((one) => one.symbol === symbol) ?? []);

  if (side !== null) {
    const shown = text !== "" ? symbols : before.length > 0 ? before : all.slice(0, 8);
    const name = side === "buy" ? "Buy" : "Sell";
    return full([{ name, choices: shown.map((one) => trade(one, side, qty)) }]);
  }

  const places = screens
    .filter((one) => one.nav && isThere(one.nav) && matches(text, one.title, one.nav.label))
    .sort((a, b) => (a.nav?.order ?? 0) - (b.nav?.order ?? 0))
    .map((one): Choice => {
      const letter = GO.find(([, path]) => path === one.path)?.[0];
      return {
        id: `go-${one.path.slice(1).replaceAll("/", "-")}`,
        label: one.nav?.label ?? one.title,
        icon: one.nav?.icon ?? "list",
        ...(letter && { keys: `g ${letter}` }),
        run: () => void go({ to: one.path }),
      };
    });

  const actions: Choice[] = [
    ...(open === 0
      ? []
      : [
          {
            id: "cancel-all",
            label: "Cancel all open orders",
            below: `${open} open`,
            icon: "close" as const,
            run: () => askCancelAll(true),
          },
        ]),
    ...accounts
      .filter((one) => one.id !== accountId)
      .map((one) => ({
        id: `account-${one.id}`,
        label: `Switch to ${one.name}`,
        below: "Account",
        icon: "person" as const,
        run: () => chooseAccount(one.id),
      })),
    ...THEMES.map(({ theme, label, icon }) => ({
      id: `theme-${theme}`,
      label,
      icon,
      run: () => setTheme(theme),
    })),
    {
      id: "keyboard",
      label: "Keyboard shortcuts",
      icon: "keyboard",
      keys: "?",
      run: () => showShortcuts(true),
    },
    { id: "sign-out", label: "Sign out", icon: "exit", run: signOut },
  ];
  const fitting = actions.filter((one) => matches(text, one.label, one.below ?? ""));
  const [best] = symbols;
  const trades = best ? [trade(best, "buy", null), trade(best, "sell", null)] : [];
  return full([
    { name: "Recent", choices: text === "" ? before.map(look) : [] },
    { name: "Symbols", choices: symbols.map(look) },
    { name: "Screens", choices: places },
    { name: "Actions", choices: [...trades, ...fitting] },
  ]);
}

const full = (groups: readonly Group[]): readonly Group[] =>
  groups.filter((one) => one.choices.length > 0);
