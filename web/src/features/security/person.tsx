/** The fields that ask who is there once more. */
import { useQuery } from "@tanstack/react-query";
import { type Told, told } from "@/api/problem";
import { type Person, secondFactor } from "@/state/security";
import { Field, PasswordField } from "@/ui/field";
import { Notice } from "@/ui/notice";

const NAMES = new Set(["password", "code"]);

/** What was typed into the fields of `PersonFields`. */
export function personOf(form: FormData): Person {
  return { password: String(form.get("password")), code: String(form.get("code") ?? "").trim() };
}

export function PersonFields({ error }: { error: unknown }) {
  const { data } = useQuery(secondFactor);
  const failed = error ? told(error) : null;
  return (
    <>
      <PasswordField
        label="Present password"
        name="password"
        autoComplete="current-password"
        required
        wrong={wrongAt(failed, "password")}
      />
      {data?.enabled && <CodeField wrong={wrongAt(failed, "code")} hint="Or a recovery code." />}
    </>
  );
}

export function CodeField({ wrong, hint }: { wrong: string | null; hint?: string }) {
  return (
    <Field
      label="Code of your authenticator app"
      name="code"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={40}
      required
      wrong={wrong}
      hint={hint}
    />
  );
}

/** What was wrong with one field, in one line. */
export function wrongAt(failed: Told | null, field: string): string | null {
  return failed?.field === field ? `${failed.wrong} ${failed.right}` : null;
}

/** What was wrong, where it is about none of the fields that show it themselves. */
export function Refused({ error, shown = [] }: { error: unknown; shown?: readonly string[] }) {
  if (!error) return null;
  const failed = told(error);
  if (failed.field !== null && (NAMES.has(failed.field) || shown.includes(failed.field))) {
    return null;
  }
  return (
    <Notice kind="wrong" title={failed.wrong}>
      {failed.right}
    </Notice>
  );
}
