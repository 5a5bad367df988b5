/** In place of a screen while nothing is known yet because the server cannot be reached. */
import { type ReactNode, useEffect, useState } from "react";
import { connection, useLive } from "@/state/live";
import { Button } from "@/ui/button";
import { Mark } from "@/ui/icon";

const PATIENCE_MS = 3_000;

export function Reached({ children }: { children: ReactNode }) {
  const nothing = useLive((live) => live.book.state === "loading");
  const since = useLive((live) => live.downSince);
  const [away, setAway] = useState(false);
  useEffect(() => {
    setAway(false);
    if (!nothing || since === null) return;
    const left = since + PATIENCE_MS - Date.now();
    const clock = setTimeout(() => setAway(true), Math.max(0, left));
    return () => clearTimeout(clock);
  }, [nothing, since]);
  return away ? <Away /> : children;
}

function Away() {
  return (
    <div
      role="alert"
      className="mx-auto flex min-h-[60vh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center"
    >
      <Mark className="size-10" />
      <h1 className="font-semibold text-xl">Stockyard cannot be reached</h1>
      <p className="text-pretty text-soft">
        {navigator.onLine
          ? "The server does not answer. It may be starting: this page goes on by itself when it does."
          : "This device is offline. This page goes on by itself when it is back."}
      </p>
      <p className="text-pretty text-soft">
        Your orders and money are safe: they live on the server, which works on without this page.
      </p>
      <Button kind="main" className="mt-2" onClick={() => connection.hurry()}>
        Try now
      </Button>
    </div>
  );
}
