import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import axe from "axe-core";
import { createMemoryRouter, RouterProvider } from "react-router";
import { expect } from "vitest";

import { createQueryClient } from "@/api/query-client";
import { routes } from "@/app/router";
import { SessionProvider } from "@/features/auth/session";

import { json, liveStream, serve } from "./services";

type Person = { id: string; username: string; role: string };

/** What every signed-in visit asks for first. */
export const signedIn = (person: Person) => ({
  "POST /api/auth/refresh": () => json({ access: `token of ${person.username}`, user: person }),
  "GET /api/monitoring/live": liveStream().answer,
});

/** The whole dashboard at an address, for `person` or, with null, for a visitor. */
export function visit(address: string, person: Person | null, answers: Parameters<typeof serve>[0] = {}) {
  if (person !== null) localStorage.setItem("ems.signed-in", "1");
  const requests = serve({ ...(person === null ? {} : signedIn(person)), ...answers });
  const queries = createQueryClient();
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retryDelay: 0 } });
  const router = createMemoryRouter(routes, { initialEntries: [address] });
  const view = render(
    <QueryClientProvider client={queries}>
      <SessionProvider>
        <RouterProvider router={router} />
      </SessionProvider>
    </QueryClientProvider>,
  );
  return { ...view, router, requests };
}

export async function expectAccessible(container: Element): Promise<void> {
  // Colours need a real browser; the journeys check them there.
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
