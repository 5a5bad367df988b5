/** Where a path leads nowhere, or a screen broke. */
import { Link } from "@tanstack/react-router";
import { Button } from "@/ui/button";
import { Mark } from "@/ui/icon";

export function Lost() {
  return (
    <Apology title="There is nothing here">
      <p>The address may be mistyped, or what was here is gone.</p>
      <Link to="/" className="font-medium text-accent underline underline-offset-4">
        Go home
      </Link>
    </Apology>
  );
}

export function Broken() {
  return (
    <Apology title="This page broke">
      <p>Your orders and money are safe: they live on the server. Reloading usually helps.</p>
      <Button kind="main" onClick={() => location.reload()}>
        Reload the page
      </Button>
    </Apology>
  );
}

function Apology({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="mx-auto flex min-h-[70vh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center">
      <Mark className="size-10" />
      <h1 className="font-semibold text-xl">{title}</h1>
      {children}
    </main>
  );
}
