/** Whether this server allows test controls: its time stands still and its market does as told. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";

const allowed = queryOptions({
  queryKey: ["controls-allowed"],
  queryFn: async () => (await call(api.GET("/health"))).controls,
  staleTime: Number.POSITIVE_INFINITY,
});

export const useControls = (): boolean => useQuery(allowed).data ?? false;
