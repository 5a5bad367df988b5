/** Who is signed in, in this browser; other tabs follow. */
import { create } from "zustand";
import { api, COOKIE, call, type Schemas, setCredentials } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { keep, kept, onKept } from "@/lib/store";

export interface Session {
  readonly token: string | null;
  readonly user: Schemas["User"] | null;
  readonly accounts: readonly Schemas["Account"][];
  readonly accountId: string | null;
  /** Said once on the sign-in page. */
  readonly notice: string | null;
}

const NOBODY: Session = { token: null, user: null, accounts: [], accountId: null, notice: null };

export const useSession = create<Session>(() => ({
  ...NOBODY,
  token: kept("token"),
  accountId: kept("account"),
}));

useSession.subscribe(({ token, accountId }) => setCredentials({ token, accountId }));
setCredentials({
  token: useSession.getState().token,
  accountId: useSession.getState().accountId,
  refused: () => forget("Your session has ended. Sign in again."),
});

onKept("token", (token) => {
  if (token === useSession.getState().token) return;
  if (token === null) useSession.setState({ ...NOBODY });
  else {
    useSession.setState({ ...NOBODY, token });
    void recognize();
  }
});

/** Forget who was signed in, for a reason that is told. */
export const forgotten = (notice: string): void => forget(notice);

function forget(notice: string | null = null): void {
  keep("token", null);
  keep("account", null);
  useSession.setState({ ...NOBODY, notice });
}

async function enter(signedIn: Promise<Schemas["SignedIn"]>): Promise<void> {
  const { token, user } = await signedIn;
  await begin(token, user);
}

/** Go on as whom a cookie signs in. */
export const enterByCookie = (user: Schemas["User"] | null = null): Promise<void> =>
  begin(COOKIE, user);

async function begin(token: string, user: Schemas["User"] | null): Promise<void> {
  keep("token", token);
  keep("account", null);
  useSession.setState({ ...NOBODY, token, user });
  await recognize();
}

/** Ask the server who this is. What cannot be asked now is asked again when it is needed. */
export async function recognize(): Promise<void> {
  if (useSession.getState().token === null) return;
  try {
    const { user, accounts } = await call(api.GET("/api/v1/me"));
    const wanted = useSession.getState().accountId;
    const account = accounts.find((one) => one.id === wanted) ?? accounts[0];
    useSession.setState({ user, accounts, accountId: account?.id ?? null });
  } catch (error) {
    const foreign = error instanceof ProblemError && error.problem.status === 404;
    if (foreign && useSession.getState().accountId !== null) {
      keep("account", null);
      useSession.setState({ accountId: null });
      await recognize();
    }
  }
}

export const signIn = (email: string, password: string, code = ""): Promise<void> =>
  enter(call(api.POST("/api/v1/auth/login", { body: { email, password, code } })));

export const signInAsDemo = (): Promise<void> => enter(call(api.POST("/api/v1/auth/demo")));

export async function signUp(name: string, email: string, password: string): Promise<void> {
  await call(api.POST("/api/v1/auth/register", { body: { name, email, password } }));
  await signIn(email, password);
}

/** Forgets at once; the server is told, and forgets by itself after a day. */
export function signOut(): void {
  const { token } = useSession.getState();
  if (token === null) return;
  const headers: HeadersInit = token === COOKIE ? {} : { Authorization: `Bearer ${token}` };
  const credentials = token === COOKIE ? "same-origin" : "omit";
  const said = { method: "POST", headers, credentials, keepalive: true } as const;
  void fetch("/api/v1/auth/logout", said).catch(() => {});
  forget();
}

export function chooseAccount(accountId: string): void {
  keep("account", accountId);
  useSession.setState({ accountId });
}
