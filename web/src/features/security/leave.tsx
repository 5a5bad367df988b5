/** Leaving for good: what is lost is said before. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { leaveForGood } from "@/state/security";
import { forgotten } from "@/state/session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { PersonFields, personOf, Refused } from "./person";

export function Leave() {
  const [open, setOpen] = useState(false);
  return (
    <Card title="Leave">
      <p className="mb-3 text-soft">Erases you here, and empties your accounts.</p>
      <Button kind="danger" className="w-full" onClick={() => setOpen(true)}>
        Leave for good
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Leave for good?">
        <Ask />
      </Dialog>
    </Card>
  );
}

function Ask() {
  const [sure, setSure] = useState(false);
  const leaving = useMutation({
    mutationFn: leaveForGood,
    retry: false,
    onSuccess: () => forgotten("You have left. Everything about you is erased."),
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (sure && !leaving.isPending) leaving.mutate(personOf(new FormData(event.currentTarget)));
      }}
    >
      <Notice kind="warn" title="This cannot be undone">
        <ul className="mt-1 list-disc space-y-0.5 pl-4">
          <li>Name, address, password, keys, watchlists and messages: erased.</li>
          <li>Open orders: canceled. Positions: given up. Cash: taken.</li>
          <li>What your accounts did stays in the books, without your name.</li>
        </ul>
      </Notice>
      <PersonFields error={leaving.error} />
      <label className="flex min-h-11 items-center gap-3">
        <input
          type="checkbox"
          checked={sure}
          onChange={(event) => setSure(event.target.checked)}
          className="size-5 shrink-0 accent-(--accent)"
        />
        I want to be erased here.
      </label>
      <Refused error={leaving.error} />
      <Button
        type="submit"
        kind="danger"
        size="large"
        className="w-full"
        disabled={!sure}
        busy={leaving.isPending}
      >
        {leaving.isPending ? "Leaving…" : "Leave for good"}
      </Button>
    </form>
  );
}
