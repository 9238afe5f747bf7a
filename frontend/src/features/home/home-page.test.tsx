import { screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { admin, alice, heatPump, solar } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, liveStream, page } from "@/testing/services";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-21T10:30:00Z");

const totals = {
  timezone: "Europe/Berlin",
  total_consumption: 1400,
  total_production: 600,
  avg_daily_consumption: 24.78,
  peak_consumption: 1.65,
  peak_consumption_start: "2026-11-12T06:00:00Z",
  today: 9.9,
  yesterday_same_time: 9,
  last_7_days: 166,
  last_30_days: 736.38,
  predicted_next_day: 24.8,
  predicted_next_month: 744,
  device_breakdown: [
    { device_id: heatPump.id, name: "Heat pump", kind: "consumption", kwh: 423.9 },
    { device_id: solar.id, name: "Roof solar", kind: "production", kwh: 245.5 },
  ],
  daily_data: [],
  weekly_data: [],
  cost: 201.55,
  currency: "EUR",
  co2_kg: 206.6,
  self_consumption: 0.66,
  autarky: 0.22,
};

/** From Berlin's midnight on: 1 kWh each hour until now. */
const hours = (query: URLSearchParams) => {
  const start = Date.parse(query.get("start") ?? "");
  const data = Array.from({ length: 24 }, (_, index) => {
    const at = start + index * HOUR;
    const known = at + HOUR <= NOW;
    const quality = known ? "measured" : "missing";
    return { start: new Date(at).toISOString(), kwh: known ? 1 : null, readings: known ? 12 : 0, expected: 12, quality };
  });
  return json({ data, kind: "consumption", total_kwh: 11, resolution: "hour", timezone: query.get("timezone"), completeness: 1 });
};

const services = {
  "GET /api/monitoring/dashboard": () => json(totals),
  "GET /api/monitoring/hourly/range": (_: Request, query: URLSearchParams) => hours(query),
  "GET /api/monitoring/devices": () =>
    page([
      { ...heatPump, status: "online", last_seen: "2026-11-21T10:20:00Z" },
      { ...solar, status: "silent", last_seen: "2026-11-19T10:20:00Z" },
    ]),
  "GET /api/forecasts": () => json({ detail: "There is no complete hour yet." }, 409),
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the first screen", () => {
  it("tells Alice whether today is high or low, what it costs and what comes", async () => {
    const { container } = visit("/", alice, services);
    const about = async (label: string) => (await screen.findByText(label)).parentElement;
    expect(await about("Used so far today")).toHaveTextContent(/9\.90\skWh\+10% against yesterday by this time \(9\.00\skWh\)/);
    expect(await about("Expected in the next 24 hours")).toHaveTextContent(/≈ 24\.80\skWh24\.78\skWh on an average day/);
    expect(await about("Cost of the last 30 days")).toHaveTextContent("€201.55");
    expect(await about("Used in the last 30 days")).toHaveTextContent(/736\.4\skWh207\skg of CO₂/);
    expect(await about("Self-consumption")).toHaveTextContent("66%");
    expect(await about("Autarky")).toHaveTextContent("22%");
    expect(await screen.findByRole("heading", { name: /Saturday,? 21 November 2026/ })).toBeVisible();
    expect(within(await screen.findByRole("table")).getAllByRole("row", { name: /measured/ })).toHaveLength(11);
    await expectAccessible(container);
  });

  it("puts the device that fell silent first", async () => {
    visit("/", alice, services);
    await screen.findByText("Silent");
    const list = screen.getByRole("region", { name: "Devices, last 30 days" });
    const names = within(list).getAllByRole("listitem").map((row) => within(row).getByRole("link").textContent);
    expect(names).toEqual(["Roof solar", "Heat pump"]);
  });

  it("follows the meters while it is open", async () => {
    const live = liveStream();
    let today = 9.9;
    visit("/", alice, {
      ...services,
      "GET /api/monitoring/dashboard": () => json({ ...totals, today }),
      "GET /api/monitoring/live": live.answer,
    });
    await screen.findByText(/9\.90\skWh/);
    today = 10.9;
    live.send("hour", { device_id: heatPump.id, start: "2026-11-21T10:00:00Z" });
    expect(await screen.findByText(/10\.90\skWh/)).toBeVisible();
  });

  it("says what is missing instead of a zero", async () => {
    const unknown = { ...totals, today: null, yesterday_same_time: null, predicted_next_day: null, cost: null, currency: null, co2_kg: null };
    visit("/", alice, { ...services, "GET /api/monitoring/dashboard": () => json(unknown) });
    expect((await screen.findByText("Used so far today")).parentElement).toHaveTextContent(/–Nothing of yesterday to compare with/);
    expect(screen.getByText("Cost of the last 30 days").parentElement).toHaveTextContent("–Needs a plant with a tariff");
  });

  it("without devices it says what to do next", async () => {
    visit("/", admin, { ...services, "GET /api/monitoring/dashboard": () => json({ ...totals, device_breakdown: [] }) });
    expect(await screen.findByRole("link", { name: "New device" })).toHaveAttribute("href", "/devices/new");
  });
});
