/** Where one is signed in, the second factor, and what one changes of oneself. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";

/** The person once more: the present password, and a code where there is a second factor. */
export interface Person {
  readonly password: string;
  readonly code: string;
}

export const sessions = queryOptions({
  queryKey: ["sessions"],
  queryFn: () => call(api.GET("/api/v1/auth/sessions")),
});

export const secondFactor = queryOptions({
  queryKey: ["second-factor"],
  queryFn: () => call(api.GET("/api/v1/auth/second-factor")),
});

export const endSession = (session_id: string) =>
  call(api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id } } }));

export const endOtherSessions = () =>
  call(api.DELETE("/api/v1/auth/sessions", { params: { query: { others: true } } }));

export const beginSecondFactor = (password: string) =>
  call(api.POST("/api/v1/auth/second-factor", { body: { password } }));

export const confirmSecondFactor = (code: string) =>
  call(api.POST("/api/v1/auth/second-factor/confirm", { body: { code } }));

export const renewRecoveryCodes = (person: Person) =>
  call(api.POST("/api/v1/auth/second-factor/recovery-codes", { body: person }));

export const disableSecondFactor = (person: Person) =>
  call(api.POST("/api/v1/auth/second-factor/disable", { body: person }));

export const changePassword = (person: Person, new_password: string) =>
  call(api.POST("/api/v1/auth/password", { body: { ...person, new_password } }));

export const changeEmail = (person: Person, email: string): Promise<Schemas["User"]> =>
  call(api.POST("/api/v1/auth/email", { body: { ...person, email } }));

export const leaveForGood = (person: Person) =>
  call(api.POST("/api/v1/auth/leave", { body: person }));
