import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { admin, alice, heatPump, solar } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

const seen = (device: { id: string }, status: string, last_seen: string | null) => ({ ...device, status, last_seen });
const five = { detail: "Something went wrong here." };

describe("the list of devices", () => {
  it("shows each with its status in words, its last reading and its limit", async () => {
    const { container } = visit("/devices", alice, {
      "GET /api/devices": () => page([heatPump, solar]),
      "GET /api/monitoring/devices": () =>
        page([seen(heatPump, "online", new Date().toISOString()), seen(solar, "never", null)]),
    });
    const row = (await screen.findByRole("link", { name: "Heat pump" })).closest("tr") as HTMLElement;
    expect(await within(row).findByText("Online")).toBeVisible();
    expect(row).toHaveTextContent(/3\.00\skWh/);
    const other = screen.getByRole("link", { name: "Roof solar" }).closest("tr");
    expect(other).toHaveTextContent("No reading yet");
    expect(other).toHaveTextContent("No limit");
    expect(screen.queryByRole("link", { name: "New device" })).not.toBeInTheDocument();
    await expectAccessible(container);
  });

  it("tells a client and an admin different next steps when it is empty", async () => {
    const empty = { "GET /api/devices": () => page([]), "GET /api/monitoring/devices": () => page([]) };
    const client = visit("/devices", alice, empty);
    expect(await screen.findByText(/An administrator connects devices/)).toBeVisible();
    client.unmount();
    visit("/devices", admin, empty);
    expect(await screen.findByText(/Create the first device/)).toBeVisible();
    expect(screen.getAllByRole("link", { name: "New device" })).toHaveLength(2);
  });

  it("offers another try and the request id when it cannot be loaded", async () => {
    let down = true;
    visit("/devices", alice, {
      "GET /api/devices": () => (down ? json(five, 500, { "X-Request-ID": "abc-42" }) : page([heatPump])),
      "GET /api/monitoring/devices": () => page([]),
    });
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("Request id: abc-42");
    down = false;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "Heat pump" })).toBeVisible();
  });

  it("stays usable when only the status is missing", async () => {
    visit("/devices", alice, {
      "GET /api/devices": () => page([heatPump]),
      "GET /api/monitoring/devices": () => json(five, 500),
    });
    expect(await screen.findByText("Status cannot be loaded right now.")).toBeVisible();
    expect(screen.getByRole("link", { name: "Heat pump" })).toBeVisible();
  });

  it("searches at the service and keeps the search in the address", async () => {
    const { router, requests } = visit("/devices", alice, {
      "GET /api/devices": (_, query) => page(query.get("search") === "solar" ? [solar] : [heatPump, solar]),
      "GET /api/monitoring/devices": () => page([]),
    });
    await userEvent.type(await screen.findByLabelText("Search devices"), "solar");
    await waitFor(() => expect(router.state.location.search).toBe("?search=solar"));
    await waitFor(() => expect(screen.queryByRole("link", { name: "Heat pump" })).toBeNull());
    expect(requests.filter((request) => request.url.includes("search=")).length).toBe(1);
  });
});

it("refuses a client an administrator's page and says who can help", async () => {
  const { container } = visit("/users", alice);
  expect(await screen.findByText("This page is not for your account")).toBeVisible();
  await expectAccessible(container);
});
