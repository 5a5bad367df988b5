/** Webhooks: addresses of one's own that are told what happens. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { queryClient } from "./queries";

const LOG = 50;

export const webhooks = queryOptions({
  queryKey: ["webhooks"],
  queryFn: () => call(api.GET("/api/v1/webhooks")),
  refetchInterval: 5_000,
});

export const webhookLog = (webhook_id: string) =>
  queryOptions({
    queryKey: ["webhooks", webhook_id, "log"],
    queryFn: () =>
      call(
        api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
          params: { path: { webhook_id }, query: { limit: LOG } },
        }),
      ),
    refetchInterval: 3_000,
  });

export const webhooksChanged = () => queryClient.invalidateQueries({ queryKey: ["webhooks"] });

/** Not to be sent twice: each time it is another webhook. */
export const makeWebhook = (body: { url: string; name: string; events: string[] }) =>
  call(api.POST("/api/v1/webhooks", { body: body as Schemas["WebhookBody"] }));

export const changeWebhook = (webhook_id: string, body: Schemas["WebhookChangeBody"]) =>
  call(api.PATCH("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id } }, body }));

export const deleteWebhook = (webhook_id: string) =>
  call(api.DELETE("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id } } }));

export const renewSecret = (webhook_id: string) =>
  call(api.POST("/api/v1/webhooks/{webhook_id}/secret", { params: { path: { webhook_id } } }));

export const sendTest = (webhook_id: string) =>
  call(api.POST("/api/v1/webhooks/{webhook_id}/test", { params: { path: { webhook_id } } }));

export const sendAgain = (webhook_id: string, delivery_id: string) =>
  call(
    api.POST("/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/again", {
      params: { path: { webhook_id, delivery_id } },
    }),
  );
