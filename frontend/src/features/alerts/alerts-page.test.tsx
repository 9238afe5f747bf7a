import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { alice, heatPump } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, liveStream, page } from "@/testing/services";

const stuck = {
  id: "00000000-0000-4000-8000-0000000000a1",
  device_id: heatPump.id,
  device_name: "Heat pump",
  type: "fault",
  code: "no_consumption",
  severity: "high",
  state: "open",
  start: "2026-11-20T23:30:00Z",
  end: null,
  expected_kwh: 3.5,
  actual_kwh: 0,
  expected_cost: 1.05,
  actual_cost: 0,
  currency: "EUR",
  confidence: 0.9,
  message: "Nothing at all is used, which never happened for so long.",
  recommendation: "Check the supply, the fuse and the meter.",
  created_at: "2026-11-21T05:30:00Z",
  read: false,
  acknowledged: false,
  acknowledged_at: null,
  acknowledged_by: null,
  note: "",
};
const silent = { ...stuck, id: "00000000-0000-4000-8000-0000000000a2", type: "no_data", severity: "medium", message: "No reading since yesterday.", expected_kwh: null, actual_kwh: null, expected_cost: null, actual_cost: null };
const address = `/api/alerts/${stuck.id}`;

const services = {
  "GET /api/alerts": () => page([stuck, silent]),
  "GET /api/monitoring/devices": () => page([{ ...heatPump, timezone: "Europe/Berlin", status: "online", last_seen: "2026-11-21T10:20:00Z" }]),
};

describe("alerts", () => {
  it("say what happened, against what, what to do, and lead to the local day", async () => {
    const { container, requests } = visit("/alerts", alice, services);
    const item = await screen.findByRole("listitem", { name: /^Nothing at all is used/ });
    expect(within(item).getByText("High")).toBeVisible();
    expect(item).toHaveTextContent(/0\.00\skWh instead of 3\.50\skWh \(€0\.00 instead of €1\.05\)/);
    expect(item).toHaveTextContent("Check the supply, the fuse and the meter.");
    expect(await within(item).findByText(/since Sat,? 21 Nov, 00:30/)).toBeVisible();
    expect(within(item).getByRole("link", { name: "Heat pump" })).toHaveAttribute("href", `/devices/${heatPump.id}?date=2026-11-21`);
    const asked = requests.find((request) => request.url.includes("/api/alerts"));
    expect(new URL(asked?.url ?? "").searchParams.get("acknowledged")).toBe("false");
    await expectAccessible(container);
  });

  it("are acknowledged with a note", async () => {
    const { requests, container } = visit("/alerts", alice, { ...services, [`PATCH ${address}`]: () => json({ ...stuck, acknowledged: true }) });
    const user = userEvent.setup();
    const item = await screen.findByRole("listitem", { name: /^Nothing at all is used/ });
    await user.click(within(item).getByRole("button", { name: "Acknowledge" }));
    await user.type(within(item).getByLabelText(/^Note/), "Electrician called");
    await expectAccessible(container);
    await user.keyboard("{Enter}");
    expect(await within(item).findByRole("button", { name: "This is normal" })).toBeVisible();
    const sent = requests.find((request) => request.method === "PATCH");
    expect(await sent?.json()).toEqual({ acknowledged: true, read: true, note: "Electrician called" });
  });

  it("can be called normal, but not when a meter is silent", async () => {
    const { requests } = visit("/alerts", alice, { ...services, [`PATCH ${address}`]: () => json({ ...stuck, state: "normal" }) });
    await screen.findByText("No reading since yesterday.");
    const [normal, ...others] = screen.getAllByRole("button", { name: "This is normal" });
    expect(others).toEqual([]);
    await userEvent.click(normal as HTMLElement);
    const sent = requests.find((request) => request.method === "PATCH");
    expect(await sent?.json()).toEqual({ normal: true });
  });

  it("say so when an answer was not taken", async () => {
    visit("/alerts", alice, { ...services, [`PATCH ${address}`]: () => json({ detail: "There is no such alert." }, 404) });
    await userEvent.click(await screen.findByRole("button", { name: "This is normal" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("There is no such alert.");
  });

  it("appear by themselves", async () => {
    const live = liveStream();
    let found: unknown[] = [];
    visit("/alerts", alice, { ...services, "GET /api/alerts": () => page(found), "GET /api/monitoring/live": live.answer });
    expect(await screen.findByText("All quiet")).toBeVisible();
    found = [stuck];
    live.send("alert", { device_id: heatPump.id, id: stuck.id });
    expect(await screen.findByText(/^Nothing at all is used/)).toBeVisible();
  });
});
