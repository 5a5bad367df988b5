/** Security: how one signs in, where one is signed in, and leaving. */
import { Link } from "@tanstack/react-router";
import { useSession } from "@/state/session";
import { Email } from "./email";
import { Leave } from "./leave";
import { Password } from "./password";
import { SecondFactor } from "./second_factor";
import { Sessions } from "./sessions";

export default function SecurityScreen() {
  const email = useSession((session) => session.user?.email);
  return (
    <div className="mx-auto max-w-5xl space-y-4 p-3 sm:p-4 lg:p-6">
      <div>
        <h1 className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-semibold text-xl tracking-tight">Security</span>
          <span className="min-w-0 truncate text-soft">{email}</span>
        </h1>
        <p className="mt-1 text-soft">
          Keys for programs stand under{" "}
          <Link to="/account" className="font-medium text-accent underline underline-offset-4">
            Account
          </Link>
          ; what was done with your account, and from where, under{" "}
          <Link
            to="/account/history"
            className="font-medium text-accent underline underline-offset-4"
          >
            What happened
          </Link>
          .
        </p>
      </div>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0 space-y-4">
          <SecondFactor />
          <Sessions />
        </div>
        <div className="min-w-0 space-y-4">
          <Password />
          <Email />
          <Leave />
        </div>
      </div>
    </div>
  );
}
