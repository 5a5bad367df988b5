/** What went wrong with a request, in words a person can act on. */
import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"];

/** The server answered, and refused. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: ProblemBody;
  readonly retryAfterSeconds: number | null;

  constructor(problem: ProblemBody, retryAfterSeconds: number | null = null) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody answered: what was asked for may or may not have happened. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

export interface Told {
  readonly wrong: string;
  readonly right: string;
  /** The field of the request that it is about. */
  readonly field: string | null;
  readonly code: string;
}

/** Any error as two short sentences: what was wrong, and what to do. */
export function told(error: unknown): Told {
  if (error instanceof ProblemError) {
    const { wrong, right, field, code } = error.problem;
    const wait = error.retryAfterSeconds;
    const then = wait === null ? right : `${right} (in ${wait} s)`;
    return { wrong: sentence(wrong), right: sentence(then), field: field ?? null, code };
  }
  if (error instanceof UnreachableError) {
    return {
      wrong: "The server cannot be reached.",
      right: "Check that Stockyard is running and that you are online, then try again.",
      field: null,
      code: "unreachable",
    };
  }
  return {
    wrong: "Something went wrong in this page.",
    right: "Reload the page; if it happens again, tell whoever runs this Stockyard.",
    field: null,
    code: "fault",
  };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)]$/.test(begun) ? begun : `${begun}.`;
}
