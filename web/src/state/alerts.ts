/** Alerts and the inbox: what is asked for, what changes them, and what the stream tells of them. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { onFrame } from "./live";
import { say } from "./notices";
import { queryClient } from "./queries";

export type Alert = Schemas["AlertAnswer"];
export type Firing = Schemas["AlertFiring"];
export type InboxItem = Schemas["InboxItem"];
export type AlertBody = Pick<Schemas["AlertBody"], "kind" | "value"> &
  Partial<Schemas["AlertBody"]>;

const PAGE = 50;

export const alerts = queryOptions({
  queryKey: ["alerts"],
  queryFn: () => call(api.GET("/api/v1/alerts")),
});

export const alertHistory = infiniteQueryOptions({
  queryKey: ["alert-history"],
  queryFn: ({ pageParam }) => {
    const query = { limit: PAGE, ...(pageParam !== "" && { before: pageParam }) };
    return call(api.GET("/api/v1/alert-history", { params: { query } }));
  },
  initialPageParam: "",
  getNextPageParam: (last) => last.next ?? undefined,
});

export const alertSettings = queryOptions({
  queryKey: ["alert-settings"],
  queryFn: () => call(api.GET("/api/v1/alert-settings")),
});

const byId = (alert_id: string) => ({ params: { path: { alert_id } } });

/** What the account has of alerts is asked for anew. */
export const alertsChanged = () =>
  Promise.all(
    [alerts.queryKey, alertHistory.queryKey].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );

export const makeAlert = (body: AlertBody) =>
  call(api.POST("/api/v1/alerts", { body: body as Schemas["AlertBody"] }));
export const changeAlert = (id: string, body: Partial<Schemas["AlertChangeBody"]>) =>
  call(
    api.PATCH("/api/v1/alerts/{alert_id}", {
      ...byId(id),
      body: body as Schemas["AlertChangeBody"],
    }),
  );
export const armAlert = (id: string) => call(api.POST("/api/v1/alerts/{alert_id}/arm", byId(id)));
export const switchOff = (id: string) => call(api.POST("/api/v1/alerts/{alert_id}/off", byId(id)));
export const deleteAlert = (id: string) => call(api.DELETE("/api/v1/alerts/{alert_id}", byId(id)));
export const mailAlerts = (email: boolean) =>
  call(api.PUT("/api/v1/alert-settings", { body: { email } }));

export const inbox = infiniteQueryOptions({
  queryKey: ["inbox"],
  queryFn: ({ pageParam }) => {
    const query = { limit: PAGE, ...(pageParam !== "" && { before: pageParam }) };
    return call(api.GET("/api/v1/inbox", { params: { query } }));
  },
  initialPageParam: "",
  getNextPageParam: (last) => last.next ?? undefined,
});

/** How much is not read, which the stream tells whenever something comes in. */
export const unread = queryOptions({
  queryKey: ["inbox-unread"],
  queryFn: async () => (await call(api.GET("/api/v1/inbox/unread"))).unread,
  staleTime: 60_000,
});

const item = (item_id: string) => ({ params: { path: { item_id } } });

export const inboxChanged = () =>
  Promise.all(
    [inbox.queryKey, unread.queryKey].map((queryKey) =>
      queryClient.invalidateQueries({ queryKey }),
    ),
  );

export const markItem = (id: string, read: boolean) =>
  call(api.PATCH("/api/v1/inbox/items/{item_id}", { ...item(id), body: { read } }));
export const deleteItem = (id: string) =>
  call(api.DELETE("/api/v1/inbox/items/{item_id}", item(id)));
export const readAll = () => call(api.POST("/api/v1/inbox/read"));

/** Says what fired, and keeps what is shown of it up to date; returns what ends it. */
export function hearAlerts(): () => void {
  return onFrame((frame) => {
    if (frame.type === "alert") {
      const { title, text } = frame.alert as Firing;
      say("info", title, text);
      void alertsChanged();
    } else if (frame.type === "inbox") {
      queryClient.setQueryData(unread.queryKey, Number(frame.unread));
      void queryClient.invalidateQueries({ queryKey: inbox.queryKey });
    }
  });
}
