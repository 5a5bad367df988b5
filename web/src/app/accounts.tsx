/** Which of the person's accounts all is about; there is nothing to choose where there is one. */

import { say } from "@/state/notices";
import { chooseAccount, useSession } from "@/state/session";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { Menu } from "@/ui/menu";

export function Accounts() {
  const { accounts, accountId } = useSession();
  const here = accounts.find((one) => one.id === accountId);
  if (accounts.length < 2 || here === undefined) return null;
  const choose = (id: string, name: string) => {
    if (id === accountId) return;
    chooseAccount(id);
    say("info", `Now: ${name}`);
  };
  return (
    <Menu
      label="Accounts"
      trigger={(props) => (
        <button
          type="button"
          className="flex min-h-11 max-w-48 items-center gap-1.5 rounded-lg px-2.5 font-medium hover:bg-sunken lg:min-h-10"
          {...props}
        >
          <span className="sr-only">Account: </span>
          <span className="truncate">{here.name}</span>
          <Icon name="down" className="size-4 text-soft" />
        </button>
      )}
    >
      {(close) =>
        accounts.map((one) => (
          <button
            key={one.id}
            type="button"
            aria-pressed={one.id === accountId}
            onClick={() => {
              close();
              choose(one.id, one.name);
            }}
            className="flex min-h-12 w-full items-center gap-3 px-3.5 text-left hover:bg-sunken focus-visible:-outline-offset-2"
          >
            <Icon
              name="check"
              className={classes("size-4 text-accent", one.id !== accountId && "invisible")}
            />
            <span className="min-w-0">
              <span className="block truncate font-medium">{one.name}</span>
              <span className="block truncate text-soft text-xs">
                {one.kind} · {one.profile.replaceAll("_", " ")}
              </span>
            </span>
          </button>
        ))
      }
    </Menu>
  );
}
