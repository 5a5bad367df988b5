/** Whether a user may trade and sign in, and which role they have. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { say } from "@/state/notices";
import { useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";
import { Toggle } from "@/ui/toggle";
import { NewLink } from "./add";
import { again, change, type Detail, freeze, type Role } from "./asked";

const ROLES = [
  { value: "user", label: "User" },
  { value: "instructor", label: "Instructor" },
  { value: "admin", label: "Admin" },
] as const;
type Act = "freeze" | "suspend" | "close";

export function Standing({ detail }: { detail: Detail }) {
  const { user } = detail;
  const me = useSession((session) => session.user);
  const [asking, setAsking] = useState<Act | null>(null);
  const thaw = useMutation({
    mutationFn: () => freeze(user.id, { frozen: false }),
    onSettled: () => void again(),
  });
  const changing = useMutation({
    mutationFn: (asked: { role?: Role; status?: "active" }) => change(user.id, asked),
    onSuccess: () => say("info", `${user.name} is changed`),
    onSettled: () => void again(),
  });
  const isAdmin = me?.role === "admin" && me.id !== user.id && user.status !== "closed";
  const error = thaw.error ?? changing.error;
  return (
    <Card title="May they?">
      <Toggle
        label="Trading is frozen"
        hint="No new order, replacement or exit; orders can be canceled. They cannot lift it."
        on={user.frozen}
        onChange={(on) => (on ? setAsking("freeze") : thaw.mutate())}
      />
      {isAdmin && (
        <div className="mt-4 space-y-3 border-line/60 border-t pt-4">
          <Select
            label="Role"
            options={ROLES}
            value={user.role as Role}
            onChange={(role) => changing.mutate({ role })}
          />
          {user.status === "active" && <NewLink user={user} />}
          <div className="flex flex-wrap gap-2">
            {user.status === "suspended" ? (
              <Button
                className="max-sm:min-h-11"
                busy={changing.isPending}
                onClick={() => changing.mutate({ status: "active" })}
              >
                Let them in again
              </Button>
            ) : (
              <Button
                kind="danger"
                className="max-sm:min-h-11"
                onClick={() => setAsking("suspend")}
              >
                Suspend
              </Button>
            )}
            <Button kind="danger" className="max-sm:min-h-11" onClick={() => setAsking("close")}>
              Close for ever
            </Button>
          </div>
        </div>
      )}
      {error && (
        <Notice kind="wrong" className="mt-3" title={told(error).wrong}>
          {told(error).right}
        </Notice>
      )}
      {asking && <Ask act={asking} detail={detail} onDone={() => setAsking(null)} />}
    </Card>
  );
}

const WORDS = {
  freeze: {
    title: "Freeze trading of",
    button: "Freeze",
    text: "Nothing new is taken in any of their accounts until you allow it again.",
  },
  suspend: {
    title: "Suspend",
    button: "Suspend",
    text: "They are signed out everywhere, and their keys rest until you let them in again.",
  },
  close: {
    title: "Close",
    button: "Close for ever",
    text: "They are signed out everywhere and never come in again. What they did stays on record.",
  },
} as const;

function Ask({ act, detail, onDone }: { act: Act; detail: Detail; onDone: () => void }) {
  const [cancel_orders, setCancel] = useState(false);
  const { user } = detail;
  const words = WORDS[act];
  const doing = useMutation({
    mutationFn: () =>
      act === "freeze"
        ? freeze(user.id, { frozen: true, cancel_orders })
        : change(user.id, { status: act === "close" ? "closed" : "suspended", cancel_orders }),
    onSuccess: async () => {
      await again();
      onDone();
    },
  });
  return (
    <Dialog
      open
      onClose={onDone}
      title={`${words.title} ${user.name}?`}
      foot={
        <>
          <Button onClick={onDone}>Leave it</Button>
          <Button kind="danger" busy={doing.isPending} onClick={() => doing.mutate()}>
            {words.button}
          </Button>
        </>
      }
    >
      <p className="text-soft">{words.text}</p>
      <Toggle
        className="mt-3"
        label="Cancel open orders too"
        hint="Otherwise they go on, and may fill."
        on={cancel_orders}
        onChange={setCancel}
      />
      {doing.error && (
        <Notice kind="wrong" className="mt-3" title={told(doing.error).wrong}>
          {told(doing.error).right}
        </Notice>
      )}
    </Dialog>
  );
}
