import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { admin, heatPump } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

const rome = { id: "00000000-0000-4000-8000-0000000000a1", name: "Via Roma 12", timezone: "Europe/Rome" };

it("creates a device and opens it; what is left empty is not set, not zero", async () => {
  const { router, requests, container } = visit("/devices/new", admin, {
    "GET /api/plants": () => page([rome]),
    "POST /api/devices": () => json(heatPump, 201),
  });
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText("Name"), "Heat pump");
  await user.selectOptions(screen.getByLabelText(/^Plant/), await screen.findByRole("option", { name: "Via Roma 12" }));
  await user.type(screen.getByLabelText(/^Alert limit/), "3");
  await expectAccessible(container);
  await user.click(screen.getByRole("button", { name: "Create device" }));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/devices/${heatPump.id}`));
  const sent = requests.find((request) => request.method === "POST" && request.url.endsWith("/api/devices"));
  expect(await sent?.json()).toMatchObject({
    name: "Heat pump",
    kind: "consumption",
    reading: "interval_kwh",
    interval_seconds: 600,
    max_consumption: 3,
    rated_power_w: null,
    plant: rome.id,
  });
});

it("says what is wrong before anything is sent, and beside its field", async () => {
  const { requests } = visit("/devices/new", admin, { "GET /api/plants": () => page([]) });
  const user = userEvent.setup();
  await user.type(await screen.findByLabelText(/^Alert limit/), "-3");
  await user.clear(screen.getByLabelText("Interval in seconds"));
  await user.click(screen.getByRole("button", { name: "Create device" }));
  expect(await screen.findByText("Use a number above zero.")).toBeVisible();
  expect(screen.getByLabelText("Name")).toHaveAccessibleDescription("Fill in this field.");
  expect(screen.getByLabelText("Interval in seconds")).toBeInvalid();
  expect(requests.some((request) => request.method === "POST" && request.url.endsWith("/api/devices"))).toBe(false);
});

it("shows what a device is when it is edited, its plant included", async () => {
  const known = { ...heatPump, plant: rome.id };
  const { requests } = visit(`/devices/${heatPump.id}/edit`, admin, {
    "GET /api/plants": () => page([rome]),
    [`GET /api/devices/${heatPump.id}`]: () => json(known),
    [`PATCH /api/devices/${heatPump.id}`]: () => json(known),
  });
  const user = userEvent.setup();
  await screen.findByRole("option", { name: "Via Roma 12" });
  expect(screen.getByLabelText("Name")).toHaveValue("Heat pump");
  expect(screen.getByLabelText(/^Plant/)).toHaveValue(rome.id);
  await user.clear(screen.getByLabelText(/^Alert limit/));
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(requests.find((request) => request.method === "PATCH")).toBeDefined());
  const sent = requests.find((request) => request.method === "PATCH");
  expect(await sent?.json()).toMatchObject({ max_consumption: null, plant: rome.id });
});
