/** Where it begins. */
import "@/ui/style.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { goLive } from "@/state/live";
import { queryClient } from "@/state/queries";
import { recognize } from "@/state/session";
import { router } from "./router";
import { keepOnDevice } from "./update";

void recognize();
goLive();
keepOnDevice();

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
