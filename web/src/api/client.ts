/**
 * The API, typed from its OpenAPI document. `call` turns every failure into a `ProblemError` or an
 * `UnreachableError`; who is asking is set once, by the session.
 */
import createClient from "openapi-fetch";
import { type ProblemBody, ProblemError, UnreachableError } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** Stands for a token where a cookie signs in, which no script can read. */
export const COOKIE = "cookie";

interface Credentials {
  token: string | null;
  accountId: string | null;
  /** Called when the token no longer counts. */
  refused: () => void;
}

/** What a link of a mail is asked for and used by: a cookie comes with it, and a 401 is the link's. */
const LETTERS = /\/auth\/(magic-link|verify|recovery|email\/confirm)/;

const credentials: Credentials = { token: null, accountId: null, refused: () => undefined };

export function setCredentials(changed: Partial<Credentials>): void {
  Object.assign(credentials, changed);
}

export const api = createClient<paths>({
  baseUrl: "",
  fetch: async (request) => {
    try {
      return await fetch(request, {
        credentials:
          credentials.token === COOKIE || LETTERS.test(request.url) ? "same-origin" : "omit",
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new UnreachableError();
    }
  },
});

api.use({
  onRequest({ request }) {
    const { token, accountId } = credentials;
    if (token !== null && token !== COOKIE) request.headers.set("Authorization", `Bearer ${token}`);
    // What began for one account is asked after for the same, whichever is chosen by then.
    if (accountId !== null && !request.headers.has("X-Account-ID")) {
      request.headers.set("X-Account-ID", accountId);
    }
    return request;
  },
  onResponse({ request, response }) {
    const { token } = credentials;
    if (response.status !== 401 || token === null || LETTERS.test(request.url)) return;
    const used = request.headers.get("Authorization");
    if (token === COOKIE ? used === null : used === `Bearer ${token}`) credentials.refused();
  },
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer. Throws `ProblemError` or `UnreachableError`. */
export async function call<T>(answer: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  const wait = Number(response.headers.get("Retry-After"));
  throw new ProblemError(problemOf(error, response), wait > 0 ? wait : null);
}

/** Whatever stands between may answer in its own words. */
function problemOf(error: unknown, response: Response): ProblemBody {
  if (typeof error === "object" && error !== null && "code" in error) return error as ProblemBody;
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: `the answer was ${response.status}`,
    code: "unexpected_answer",
    wrong: `something in front of Stockyard answered ${response.status}`,
    right: "try again in a moment",
    field: null,
    required: null,
    available: null,
    retryable: true,
    request_id: null,
    instance: null,
  };
}
