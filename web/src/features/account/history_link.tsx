/** The ways to what happened with the account, and to what it was before. */
import { Link } from "@tanstack/react-router";
import { Card } from "@/ui/card";
import { Icon } from "@/ui/icon";

export function HistoryLink() {
  return (
    <Card title="What happened">
      <p className="text-pretty text-soft">
        Every sign-in, order, payment and setting, with the address it came from.
      </p>
      <Link
        to="/account/history"
        className="mt-2 inline-flex min-h-11 items-center gap-1.5 font-medium text-accent hover:underline lg:min-h-9"
      >
        Look at the history
        <Icon name="chevron" className="size-4" />
      </Link>
      <p className="mt-2 text-pretty text-soft">
        Or go back in time: cash, positions and open orders as they were at any moment.
      </p>
      <Link
        to="/account/past"
        className="mt-2 inline-flex min-h-11 items-center gap-1.5 font-medium text-accent hover:underline lg:min-h-9"
      >
        See the account as it was
        <Icon name="chevron" className="size-4" />
      </Link>
    </Card>
  );
}
