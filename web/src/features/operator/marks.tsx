/** What is out of the ordinary with a user, in a word each. */
import { classes } from "@/ui/classes";
import type { User } from "./asked";

export function Marks({ user }: { user: User }) {
  return (
    <>
      {user.status !== "active" && <Mark bad>{user.status}</Mark>}
      {user.frozen && <Mark bad>frozen</Mark>}
      {user.limited && <Mark>limited</Mark>}
    </>
  );
}

function Mark({ children, bad = false }: { children: string; bad?: boolean }) {
  return (
    <span
      className={classes(
        "shrink-0 rounded px-1.5 py-px text-xs",
        bad ? "bg-down-wash text-down" : "bg-sunken text-soft",
      )}
    >
      {children}
    </span>
  );
}
