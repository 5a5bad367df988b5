/**
 * What became of something that was sent and must not happen twice. It is known, or it is not: no
 * answer is never taken for a refusal. Who does not know asks until somebody does.
 */
import { useRef, useState, useSyncExternalStore } from "react";
import { ProblemError, type Told, told } from "@/api/problem";
import { useSession } from "./session";

export type Submit<T = unknown> =
  | { readonly is: "ready" }
  | { readonly is: "sending"; readonly since: number }
  /** It takes longer than it should. */
  | { readonly is: "slow" }
  /** No answer came: it may or may not have happened, and the server is being asked. */
  | { readonly is: "unknown" }
  | { readonly is: "done"; readonly answer: T }
  | { readonly is: "denied"; readonly problem: Told };

export type Step<T> =
  | { readonly type: "send"; readonly at: number }
  | { readonly type: "waited"; readonly milliseconds: number }
  | { readonly type: "lost" }
  | { readonly type: "answered"; readonly answer: T }
  | { readonly type: "refused"; readonly problem: Told }
  | { readonly type: "reset" };

export const SLOW_MS = 1_500;
export const UNKNOWN_MS = 8_000;
export const ASK_MS = 1_000;
export const ASK_MAX_MS = 5_000;
/** What was sent may still be on its way while the server says that it knows nothing of it. */
export const ABSENT_TIMES = 3;
const FAILURES_MAX = 5;
const READY: Submit<never> = { is: "ready" };

export const isPending = (state: Submit): boolean =>
  state.is === "sending" || state.is === "slow" || state.is === "unknown";

/** One step of it. What has ended stays ended until it is reset or sent anew. */
export function step<T>(state: Submit<T>, by: Step<T>): Submit<T> {
  if (by.type === "send") return isPending(state) ? state : { is: "sending", since: by.at };
  if (by.type === "reset") return isPending(state) ? state : READY;
  if (!isPending(state)) return state;
  if (by.type === "answered") return { is: "done", answer: by.answer };
  if (by.type === "refused") return { is: "denied", problem: by.problem };
  if (by.type === "lost" || by.milliseconds >= UNKNOWN_MS) return { is: "unknown" };
  return state.is === "sending" && by.milliseconds >= SLOW_MS ? { is: "slow" } : state;
}

/** Under what names, and for which account, something can be sent again and happens once. */
export interface Keys {
  readonly client_order_id: string;
  readonly idempotency: string;
  readonly account_id: string | null;
}

/** Also where the page came by plain HTTP, which has no `crypto.randomUUID`. */
function name(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}

export const newKeys = (): Keys => ({
  client_order_id: `web-${name()}`,
  idempotency: name(),
  account_id: useSession.getState().accountId,
});

export type Command<A, T> = (args: A, keys: Keys) => Promise<T>;
/** What the server knows of it; null if nothing. */
export type Find<T> = (keys: Keys) => Promise<T | null>;

const NOT_ARRIVED: Told = {
  wrong: "It did not reach the server, and nothing has happened.",
  right: "Send it again when you are ready.",
  field: null,
  code: "not_arrived",
};

/** An answer that says what became of it; others say only that somebody had trouble. */
const isWord = (error: unknown): error is ProblemError =>
  error instanceof ProblemError &&
  error.problem.status < 500 &&
  error.problem.code !== "request_in_flight";

/** One thing that is sent at a time, its keys, and who wants to be told. */
export class Submission<A, T> {
  readonly #command: Command<A, T>;
  readonly #find: Find<T> | undefined;
  readonly #listeners = new Set<() => void>();
  #state: Submit<T> = READY;
  #keys = newKeys();
  /** Which sending the answers that come are about. */
  #round = 0;
  #asking = false;
  /** Why what was sent has no answer and gets none any more; until then it may still arrive. */
  #lost: { readonly why: unknown } | null = null;

  /** Without `find`, what is unknown is sent again under the same keys. */
  constructor(command: Command<A, T>, find?: Find<T>) {
    this.#command = command;
    this.#find = find;
  }

  get state(): Submit<T> {
    return this.#state;
  }

  listen = (told: () => void): (() => void) => {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  };

  send = (args: A): void => {
    if (isPending(this.#state)) return;
    this.#round += 1;
    this.#asking = false;
    this.#lost = null;
    const { accountId } = useSession.getState();
    if (this.#keys.account_id !== accountId) this.#keys = newKeys();
    this.#to({ type: "send", at: Date.now() });
    this.#command(args, this.#keys).then(
      this.#during((answer) => this.#known({ type: "answered", answer })),
      this.#during((error) => this.#failed(args, error)),
    );
    for (const milliseconds of [SLOW_MS, UNKNOWN_MS]) {
      const waited = this.#during(() => {
        this.#to({ type: "waited", milliseconds });
        if (this.#state.is === "unknown") void this.#ask(args);
      });
      setTimeout(() => waited(null), milliseconds);
    }
  };

  reset = (): void => this.#to({ type: "reset" });

  #to(by: Step<T>): void {
    const next = step(this.#state, by);
    if (next === this.#state) return;
    this.#state = next;
    for (const tell of this.#listeners) tell();
  }

  /** Only for this sending, and only while its end is not known. */
  #during<V>(then: (value: V) => void): (value: V) => void {
    const round = this.#round;
    return (value) => {
      if (round === this.#round && isPending(this.#state)) then(value);
    };
  }

  #known(by: Step<T>): void {
    this.#keys = newKeys();
    this.#to(by);
  }

  #failed(args: A, error: unknown): void {
    if (isWord(error)) this.#known({ type: "refused", problem: told(error) });
    else {
      this.#lost = { why: error };
      this.#to({ type: "lost" });
      void this.#ask(args);
    }
  }

  async #ask(args: A): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const round = this.#round;
    let [absent, failed, wait] = [0, 0, ASK_MS];
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 1.5, ASK_MAX_MS);
      if (round !== this.#round || !isPending(this.#state)) return;
      try {
        const found = await (this.#find ?? ((keys) => this.#command(args, keys)))(this.#keys);
        if (round !== this.#round || !isPending(this.#state)) return;
        if (found !== null) return this.#known({ type: "answered", answer: found });
        if (this.#lost !== null) absent += 1;
      } catch (error) {
        if (round !== this.#round || !isPending(this.#state)) return;
        if (isWord(error)) return this.#known({ type: "refused", problem: told(error) });
        // Whoever repeats the whole thing is told in the end that it does not work.
        if (error instanceof ProblemError && !this.#find) failed += 1;
        if (failed >= FAILURES_MAX) return this.#to({ type: "refused", problem: told(error) });
      }
      if (absent >= ABSENT_TIMES) {
        // The keys stay: should it arrive after all, sending it again places nothing more.
        const why = this.#lost?.why;
        const problem = why instanceof ProblemError ? told(why) : NOT_ARRIVED;
        return this.#to({ type: "refused", problem });
      }
    }
  }
}

export function useSubmission<A, T>(one: Submission<A, T>): Submit<T> {
  return useSyncExternalStore(one.listen, () => one.state);
}

/** A command as a button needs it. What was sent goes on when the button is gone. */
export function useSubmit<A, T>(
  command: Command<A, T>,
  find?: Find<T>,
): { state: Submit<T>; send: (args: A) => void; reset: () => void } {
  const now = useRef({ command, find });
  now.current = { command, find };
  const [one] = useState(
    () =>
      new Submission<A, T>(
        (args, keys) => now.current.command(args, keys),
        find && ((keys) => (now.current.find ?? find)(keys)),
      ),
  );
  const state = useSubmission(one);
  return { state, send: one.send, reset: one.reset };
}
