import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router/dom";

import { createQueryClient } from "@/api/query-client";
import { createRouter } from "@/app/router";
import { SessionProvider } from "@/features/auth/session";
import "@/lib/i18n";

import "./index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root.");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <SessionProvider>
        <RouterProvider router={createRouter()} />
      </SessionProvider>
    </QueryClientProvider>
  </StrictMode>,
);
