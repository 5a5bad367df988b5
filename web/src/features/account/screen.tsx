/** The account: what it has and may do, money in and out, its rules, its keys, and its costs. */
import { Link } from "@tanstack/react-router";
import { known } from "@/lib/loadable";
import { useAccount } from "@/state/live";
import { Card, Waiting } from "@/ui/card";
import { Icon } from "@/ui/icon";
import { useMedia } from "@/ui/media";
import { Accounts } from "./accounts";
import { Appearance } from "./appearance";
import { Charges } from "./charges";
import { HistoryLink } from "./history_link";
import { Keys } from "./keys";
import { Limits } from "./limits";
import { Money } from "./money";
import { Numbers } from "./numbers";
import { Reset } from "./reset";
import { Rules } from "./rules";
import { Tax } from "./tax";

/** Room for a card that needs the account: what comes late must not push away what is pressed. */
const Later = ({ height }: { height: string }) => (
  <Card>
    <Waiting className={height} />
  </Card>
);

export default function AccountScreen() {
  const account = known(useAccount());
  const wide = useMedia("(min-width: 80rem)");
  const numbers = account ? <Numbers account={account} /> : <Later height="h-216 sm:h-105" />;
  const money = (
    <>
      {account ? <Money account={account} /> : <Later height="h-70" />}
      <Accounts />
    </>
  );
  const rules = (
    <>
      <Limits />
      {account ? <Rules account={account} /> : <Later height="h-78" />}
      <Keys />
      <Charges />
    </>
  );
  const rest = (
    <>
      <Tax />
      <HistoryLink />
      <Appearance />
      {account && <Reset account={account} />}
    </>
  );
  return (
    <div className="mx-auto max-w-7xl space-y-4 p-3 sm:p-4 lg:p-6">
      <h1 className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-semibold text-xl tracking-tight">Account</span>
        <span className="text-soft">{account?.name}</span>
        <Link
          to="/security"
          className="ml-auto inline-flex min-h-11 items-center gap-1.5 self-center rounded-lg px-2 font-medium text-accent hover:bg-sunken"
        >
          <Icon name="shield" className="size-5" />
          Security
        </Link>
      </h1>
      {wide ? (
        <div className="grid grid-cols-[minmax(0,1fr)_22rem] gap-4">
          <div className="min-w-0 space-y-4">
            {numbers}
            {rules}
          </div>
          <div className="min-w-0 space-y-4">
            {money}
            {rest}
          </div>
        </div>
      ) : (
        <>
          {numbers}
          {money}
          {rules}
          {rest}
        </>
      )}
    </div>
  );
}
