/** A new password. */
import { useMutation } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { say } from "@/state/notices";
import { queryClient } from "@/state/queries";
import { changePassword, type Person, sessions } from "@/state/security";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { PasswordField } from "@/ui/field";
import { PersonFields, personOf, Refused, wrongAt } from "./person";

interface Wanted {
  readonly person: Person;
  readonly fresh: string;
}

export function Password() {
  const changing = useMutation({
    mutationFn: ({ person, fresh }: Wanted) => changePassword(person, fresh),
    retry: false,
    onSuccess: ({ ended }) => {
      const elsewhere = ended === 0 ? "" : `Signed out at ${ended} other places.`;
      say("well", "The password is changed", elsewhere);
      void queryClient.invalidateQueries({ queryKey: sessions.queryKey });
    },
  });
  // The API calls the new one new_password, and says what is wrong with it of a password.
  const failed = changing.error ? told(changing.error) : null;
  const isAboutNew = failed?.code === "invalid_password";
  return (
    <Card title="Password">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const data = new FormData(form);
          if (changing.isPending) return;
          changing.mutate(
            { person: personOf(data), fresh: String(data.get("new_password")) },
            { onSuccess: () => form.reset() },
          );
        }}
      >
        <PersonFields error={isAboutNew ? null : changing.error} />
        <PasswordField
          label="New password"
          name="new_password"
          autoComplete="new-password"
          minLength={8}
          maxLength={128}
          required
          hint="At least 8 characters. You are signed out everywhere else."
          wrong={isAboutNew ? wrongAt(failed, "password") : null}
        />
        <Refused error={changing.error} />
        <Button type="submit" className="w-full" busy={changing.isPending}>
          {changing.isPending ? "Changing…" : "Change the password"}
        </Button>
      </form>
    </Card>
  );
}
