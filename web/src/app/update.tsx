/**
 * The app on this device: its files are kept by a service worker, and a new version is said, never
 * forced. What is open goes on with the version it began with until somebody reloads.
 */
import { create } from "zustand";
import { useLive } from "@/state/live";
import { Button } from "@/ui/button";
import { Icon } from "@/ui/icon";

const LOOK_MS = 30 * 60_000;

const useNewest = create<{ waiting: ServiceWorker | null }>(() => ({ waiting: null }));

/** Once the page is there: nothing of it waits for this. */
export function keepOnDevice(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  if (document.readyState === "complete") void install();
  else addEventListener("load", () => void install());
}

async function install(): Promise<void> {
  try {
    const found = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
    follow(found);
  } catch {
    // A browser may forbid it; then the app is loaded each time.
  }
}

function follow(found: ServiceWorkerRegistration): void {
  const tell = () => {
    // Without a controller it is the first, which nobody has to be told of.
    if (found.waiting && navigator.serviceWorker.controller) {
      useNewest.setState({ waiting: found.waiting });
    }
  };
  const ask = () => void found.update().catch(() => undefined);
  tell();
  found.addEventListener("updatefound", () => {
    found.installing?.addEventListener("statechange", tell);
  });
  setInterval(ask, LOOK_MS);
  // A server that was away may have come back as a newer one.
  useLive.subscribe((now, before) => {
    if (now.link === "live" && before.link !== "live" && before.downSince !== null) ask();
  });
}

function reload(worker: ServiceWorker): void {
  // Another tab may have let it take over.
  if (worker.state !== "installed") {
    location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  worker.postMessage("take over");
}

export function NewVersion() {
  const waiting = useNewest((all) => all.waiting);
  return (
    <div role="status">
      {waiting && (
        <p className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 bg-accent-wash px-4 py-1.5 font-medium text-[0.8125rem]">
          <Icon name="info" className="size-4 text-accent" />A new version of Stockyard is here.
          <Button size="small" kind="main" onClick={() => reload(waiting)}>
            Reload
          </Button>
        </p>
      )}
    </div>
  );
}
