import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { admin, alice, bob, heatPump, solar } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

/** The services' memory of who may see what. */
function assignments(first: string[]) {
  const seen = new Set(first);
  const devices = [heatPump, solar];
  const answers = {
    "GET /api/auth/users": () => page([alice, bob]),
    "GET /api/devices": () => page(devices),
    [`GET /api/mappings/user/${bob.id}/devices`]: () => page(devices.filter((device) => seen.has(device.id))),
    "POST /api/mappings/assign": async (request: Request) => {
      const { device_id } = (await request.json()) as { device_id: string };
      seen.add(device_id);
      return json({ device_id }, 201);
    },
    [`DELETE /api/mappings/unassign/${solar.id}`]: (_: Request, query: URLSearchParams) => {
      if (query.get("user_id") === bob.id) seen.delete(solar.id);
      return json(null, 204);
    },
  };
  return { seen, answers };
}

it("lets the admin share a device with Bob, and undo it", async () => {
  const { seen, answers } = assignments([heatPump.id]);
  const { container } = visit("/assignments", admin, answers);
  const user = userEvent.setup();
  await user.click(await screen.findByRole("button", { name: /Bob Rossi/ }));
  expect(await screen.findByRole("checkbox", { name: /Heat pump/ })).toBeChecked();
  await user.click(screen.getByRole("checkbox", { name: /Roof solar/ }));
  expect(await screen.findByText("Bob Rossi can now see Roof solar.")).toBeVisible();
  expect(seen).toContain(solar.id);
  await expectAccessible(container);

  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await screen.findByText("Bob Rossi no longer sees Roof solar.")).toBeVisible();
  expect(seen).not.toContain(solar.id);
  await waitFor(() => expect(screen.getByRole("checkbox", { name: /Roof solar/ })).not.toBeChecked());
});

it("keeps the person in the address", async () => {
  const { answers } = assignments([]);
  visit(`/assignments?person=${bob.id}`, admin, answers);
  expect(await screen.findByRole("heading", { name: "Devices of Bob Rossi" })).toBeVisible();
});

it("says so when a change is refused, and the tick tells the truth", async () => {
  const { answers } = assignments([]);
  visit(`/assignments?person=${bob.id}`, admin, {
    ...answers,
    "POST /api/mappings/assign": () => json({ detail: "Bob is not known to this service yet." }, 400),
  });
  await userEvent.click(await screen.findByRole("checkbox", { name: /Heat pump/ }));
  expect(await screen.findByText("Bob is not known to this service yet.")).toBeVisible();
  expect(screen.getByRole("checkbox", { name: /Heat pump/ })).not.toBeChecked();
});
