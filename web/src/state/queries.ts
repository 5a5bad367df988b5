/** What is asked for over HTTP and kept while it is shown. Prices that move come by the stream. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { ProblemError } from "@/api/problem";
import { useSession } from "./session";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 3 && !(error instanceof ProblemError && error.problem.status < 500),
    },
  },
});

// Another user, another account: nothing of the last one's is shown.
useSession.subscribe((now, before) => {
  if (now.token !== before.token || now.accountId !== before.accountId) queryClient.clear();
});

export const house = queryOptions({
  queryKey: ["house"],
  queryFn: () => call(api.GET("/api/v1/house")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const portfolio = queryOptions({
  queryKey: ["portfolio"],
  queryFn: () => call(api.GET("/api/v1/portfolio")),
});
