/** What is kept in this browser under the app's own names; a browser may forbid it. */

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`stockyard.${name}`);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`stockyard.${name}`);
    else localStorage.setItem(`stockyard.${name}`, value);
  } catch {
    // Then it lasts as long as the page.
  }
}

/** Calls back when another tab changes a value. */
export function onKept(name: string, changed: (value: string | null) => void): void {
  globalThis.addEventListener?.("storage", (event: StorageEvent) => {
    if (event.key === `stockyard.${name}`) changed(event.newValue);
  });
}
