/** A value that may still be on its way, may have failed to come, and may be older than it should. */
export type Loadable<T> =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "ready"; readonly value: T; readonly stale: boolean };

export const LOADING: Loadable<never> = { state: "loading" };

export function ready<T>(value: T, stale = false): Loadable<T> {
  return { state: "ready", value, stale };
}

/** The value, also a stale one; undefined while there is none. */
export function known<T>(one: Loadable<T>): T | undefined {
  return one.state === "ready" ? one.value : undefined;
}

export function map<T, U>(one: Loadable<T>, change: (value: T) => U): Loadable<U> {
  return one.state === "ready" ? ready(change(one.value), one.stale) : one;
}

/** As a query of TanStack tells it; a value whose refresh failed is stale. */
export function fromQuery<T>(query: {
  data: T | undefined;
  error: unknown;
  isStale?: boolean;
}): Loadable<T> {
  if (query.data !== undefined) return ready(query.data, query.error !== null);
  return query.error === null ? LOADING : { state: "failed", error: query.error };
}
