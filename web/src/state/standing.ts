/**
 * How the server stands: what it cannot keep just now, and whether anything can be changed at all. It
 * says so on the stream at once, and is asked now and then.
 */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, call, type Schemas } from "@/api/client";
import { onFrame } from "./live";
import { queryClient } from "./queries";

type Health = Schemas["Health"];
const EVERY_MS = 30_000;
const TROUBLED_MS = 3_000;

const standing = queryOptions({
  queryKey: ["standing"],
  // A server that stops answers with 503, and says the same things.
  queryFn: async (): Promise<Health> => {
    const { data, error, response } = await api.GET("/health");
    const found = data ?? (error as Health | undefined);
    if (found && "status" in found) return found;
    return call(Promise.resolve({ error, response }));
  },
  refetchInterval: ({ state }) => (state.data?.status === "ok" ? EVERY_MS : TROUBLED_MS),
});

export function useStanding(): Health | undefined {
  useEffect(
    () =>
      onFrame((frame) => {
        if (frame.type === "standing") void queryClient.invalidateQueries(standing);
      }),
    [],
  );
  return useQuery(standing).data;
}

/** What a part that cannot be written means for whoever is here; null: nothing that is noticed. */
export function meaning(part: string): string | null {
  if (part === "journal") return "Orders cannot be taken just now";
  if (part === "people") return "Sign-ins and settings cannot be kept just now";
  if (part === "audit log") return "What has to be on record cannot be done just now";
  return null;
}
