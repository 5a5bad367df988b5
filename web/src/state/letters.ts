/** Links that come by mail: asked for, looked at, used. */
import { api, call, type Schemas } from "@/api/client";
import { enterByCookie, signIn } from "./session";

/** A password, by the token of a mail's link. */
export interface Chosen {
  token: string;
  password: string;
}

export const askLink = (email: string) =>
  call(api.POST("/api/v1/auth/magic-link", { body: { email } }));

export const askRecovery = (email: string) =>
  call(api.POST("/api/v1/auth/recovery", { body: { email } }));

/** Ask to become a user, where a link in a mail goes on from there. */
export const askToJoin = (name: string, email: string) =>
  call(api.POST("/api/v1/auth/register", { body: { name, email } }));

/** Become a user by that link, and sign in; false where only the latter failed: the link is used. */
export async function finishSignUp(chosen: Chosen): Promise<boolean> {
  const made = await call(api.POST("/api/v1/auth/register/finish", { body: chosen }));
  return signIn(made.user.email, chosen.password).then(
    () => true,
    () => false,
  );
}

/** Whose link it is; looking does not use it up. */
export const lookAtLink = (token: string): Promise<Schemas["Looked"]> =>
  call(
    api.GET("/api/v1/auth/verify", {
      params: { query: { token } },
      headers: { Accept: "application/json" },
    }),
  );

/** Sign in by a link; `code` is the second factor's, of who has one. */
export async function enterByLink(token: string, code: string): Promise<void> {
  const { user } = await call(api.POST("/api/v1/auth/verify", { body: { token, code } }));
  await enterByCookie(user);
}

export const choosePassword = (chosen: Chosen) =>
  call(api.POST("/api/v1/auth/recovery/reset", { body: chosen }));

export const confirmEmail = (token: string) =>
  call(api.POST("/api/v1/auth/email/confirm", { body: { token } }));
