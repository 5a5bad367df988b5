/** Another e-mail address to sign in with. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { say } from "@/state/notices";
import { changeEmail, type Person } from "@/state/security";
import { recognize, useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { PersonFields, personOf, Refused, wrongAt } from "./person";

export function Email() {
  const email = useSession((session) => session.user?.email);
  const [open, setOpen] = useState(false);
  return (
    <Card title="E-mail address">
      <p className="mb-3 truncate text-soft">{email}</p>
      <Button className="w-full" onClick={() => setOpen(true)}>
        Change the address
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Change the e-mail address">
        <Ask onDone={() => setOpen(false)} />
      </Dialog>
    </Card>
  );
}

function Ask({ onDone }: { onDone: () => void }) {
  const changing = useMutation({
    mutationFn: ({ person, email }: { person: Person; email: string }) =>
      changeEmail(person, email),
    retry: false,
    onSuccess: async (user, { email }) => {
      if (user.email === email.toLowerCase()) say("well", "The address is changed");
      else say("info", "Look into your mail", `A link was sent to ${email}; open it to change.`);
      await recognize();
      onDone();
    },
  });
  const failed = changing.error ? told(changing.error) : null;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        if (changing.isPending) return;
        changing.mutate({ person: personOf(data), email: String(data.get("email")).trim() });
      }}
    >
      <Field
        label="New e-mail address"
        name="email"
        type="email"
        autoComplete="email"
        autoCapitalize="none"
        spellCheck={false}
        required
        wrong={wrongAt(failed, "email")}
      />
      <PersonFields error={changing.error} />
      <Refused error={changing.error} shown={["email"]} />
      <Button type="submit" kind="main" size="large" className="w-full" busy={changing.isPending}>
        {changing.isPending ? "Changing…" : "Change the address"}
      </Button>
    </form>
  );
}
