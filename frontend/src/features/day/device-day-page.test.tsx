import { fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { alice, heatPump } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, liveStream, page } from "@/testing/services";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-21T10:30:00Z");
const address = `/devices/${heatPump.id}`;

/** Hours of a UTC day: 1 kWh each up to `until`, then nothing. */
function dayOf(date: string, until: number) {
  const start = Date.parse(`${date}T00:00:00Z`);
  const hours = Array.from({ length: 24 }, (_, index) => {
    const at = start + index * HOUR;
    const known = at + HOUR <= until;
    const hour = { start: new Date(at).toISOString(), kwh: known ? 1 : null, readings: known ? 6 : 0, expected: 6 };
    return { ...hour, quality: known ? "measured" : "missing" };
  });
  const total = hours.reduce((sum, hour) => sum + (hour.kwh ?? 0), 0);
  return json({ device_id: heatPump.id, date, timezone: "UTC", total_kwh: total === 0 ? null : total, hours });
}

const forecast = (first: string) =>
  json({
    scope: `device_${heatPump.id}`,
    kind: "consumption",
    model: "sarimax",
    reason: "sarimax: error 0.900 in a backtest of 7 days",
    issued_at: first,
    history_until: first,
    timezone: "UTC",
    horizon: 48,
    points: Array.from({ length: 48 }, (_, index) => ({
      start: new Date(Date.parse(first) + index * HOUR).toISOString(),
      kwh: 2,
      lower_80: 1.25,
      upper_80: 3.5,
      lower_95: 1,
      upper_95: 5,
    })),
    accuracy: { mase: 0.9, mase_baseline: 1.2, coverage_80: 0.81, coverage_95: 0.95, hours: 300 },
    fallback: null,
    left_out: [],
  });

const services = (lastSeen: string | null) => ({
  [`GET /api/devices/${heatPump.id}`]: () => json(heatPump),
  "GET /api/monitoring/devices": () => page([{ ...heatPump, status: "online", last_seen: lastSeen }]),
  "GET /api/monitoring/hourly/daily": (_: Request, query: URLSearchParams) =>
    dayOf(query.get("date") ?? "", lastSeen === null ? 0 : Date.parse(lastSeen)),
  "GET /api/forecasts": () => forecast("2026-11-21T10:00:00Z"),
});

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a device's day", () => {
  it("shows today, what is expected of it, the odds in words and every number in the table", async () => {
    const { container } = visit(address, alice, services("2026-11-21T10:00:00Z"));
    const table = await screen.findByRole("table");
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent("Heat pump");
    expect(screen.getByText("Energy so far today").parentElement).toHaveTextContent(/10\.00\skWh/);
    expect(await screen.findByText("60 of 60 readings")).toBeVisible();
    expect(await screen.findByText("sarimax: error 0.900 in a backtest of 7 days")).toBeVisible();
    expect(await screen.findByText(/^10:00 to 11:00: about 2\.00\skWh\. 8 times in 10 it comes out between 1\.25 and 3\.50\skWh\.$/)).toBeVisible();
    expect(screen.getByText("Expected for the whole day").parentElement).toHaveTextContent(/≈ 38\.00\skWh/);
    expect(screen.getByText(/Times in UTC \(\+00:00\)/)).toBeVisible();

    const row = (name: string) => within(table).getAllByRole("row", { name: new RegExp(`^${name}`) })[0];
    expect(row("09:00")).toHaveTextContent("09:001.00––measured6/6");
    expect(row("11:00")).toHaveTextContent("11:00–2.001.25 to 3.50ahead–");
    await expectAccessible(container);
  });

  it("opens on the newest day with data, and says so", async () => {
    visit(address, alice, services("2026-11-18T09:00:00Z"));
    expect(await screen.findByText(/Nothing has come in today/)).toBeVisible();
    expect(await screen.findByRole("heading", { name: /Wednesday,? 18 November 2026/ })).toBeVisible();
  });

  it("keeps the day of the address, however new the data", async () => {
    visit(`${address}?date=2026-11-15`, alice, services("2026-11-21T10:00:00Z"));
    expect(await screen.findByRole("heading", { name: /Sunday,? 15 November 2026/ })).toBeVisible();
    expect(screen.getByRole("link", { name: "Previous day" })).toHaveAttribute("href", `${address}?date=2026-11-14`);
    expect(screen.getByRole("link", { name: "Next day" })).toHaveAttribute("href", `${address}?date=2026-11-16`);
  });

  it("goes no further than the forecast reaches", async () => {
    visit(`${address}?date=2026-11-22`, alice, services("2026-11-21T10:00:00Z"));
    await screen.findByRole("table");
    expect(screen.getByRole("link", { name: "Next day" })).toHaveAttribute("aria-disabled", "true");
  });

  it("reads hour by hour with the arrow keys", async () => {
    visit(address, alice, services("2026-11-21T10:00:00Z"));
    const chart = await screen.findByRole("group", { name: /Energy by hour/ });
    fireEvent.keyDown(chart, { key: "ArrowRight" });
    expect(screen.getByText(/^00:00: 1\.00\skWh, measured$/)).toHaveAttribute("aria-live", "polite");
    fireEvent.keyDown(chart, { key: "End" });
    expect(screen.getByText(/^09:00: ahead; about 2\.00\skWh expected/)).toBeVisible();
    fireEvent.keyDown(chart, { key: "Escape" });
    expect(screen.getByText(/^10:00 to 11:00/)).toBeVisible();
  });

  it("takes in a new hour by itself without moving the day", async () => {
    const live = liveStream();
    let until = "2026-11-15T05:00:00Z";
    const { router } = visit(`${address}?date=2026-11-15`, alice, {
      ...services("2026-11-21T10:00:00Z"),
      "GET /api/monitoring/hourly/daily": (_: Request, query: URLSearchParams) => dayOf(query.get("date") ?? "", Date.parse(until)),
      "GET /api/monitoring/live": live.answer,
    });
    expect(await screen.findByText("30 of 144 readings")).toBeVisible();
    until = "2026-11-15T06:00:00Z";
    live.send("hour", { device_id: heatPump.id, start: "2026-11-15T05:00:00Z" });
    expect(await screen.findByText("36 of 144 readings")).toBeVisible();
    expect(router.state.location.search).toBe("?date=2026-11-15");
  });
});

describe("when something is not there", () => {
  it("a device that never sent anything gets a next step", async () => {
    const { container } = visit(address, alice, {
      ...services(null),
      "GET /api/forecasts": () => json({ detail: "There is no complete hour yet." }, 409),
    });
    expect(await screen.findByText("No readings on this day")).toBeVisible();
    expect(screen.getByText(/As soon as its first reading arrives/)).toBeVisible();
    expect(await screen.findByText(/No forecast yet: There is no complete hour yet\./)).toBeVisible();
    await expectAccessible(container);
  });

  it("a device that the other services have not heard of yet is waited for", async () => {
    let heard = false;
    const answers = services("2026-11-21T10:00:00Z");
    visit(address, alice, {
      ...answers,
      "GET /api/monitoring/hourly/daily": (request: Request, query: URLSearchParams) => {
        if (heard) return answers["GET /api/monitoring/hourly/daily"](request, query);
        heard = true;
        return json({ detail: "No device has this id." }, 404);
      },
    });
    expect(await screen.findByRole("table")).toBeVisible();
  });

  it("somebody else's device is not found", async () => {
    visit(address, alice, { "GET /api/monitoring/devices": () => page([]) });
    expect(await screen.findByText("There is nothing here")).toBeVisible();
  });

  it("a forecast that fails leaves the day in place", async () => {
    visit(address, alice, {
      ...services("2026-11-21T10:00:00Z"),
      "GET /api/forecasts": () => json({ detail: "Later." }, 503, { "X-Request-ID": "f-1" }),
    });
    expect(await screen.findByRole("table")).toBeVisible();
    expect(await screen.findByText("Request id: f-1")).toBeVisible();
  });

  it("old numbers stay, with their age, when a refresh fails", async () => {
    const live = liveStream();
    let down = false;
    const answers = services("2026-11-21T10:00:00Z");
    visit(address, alice, {
      ...answers,
      "GET /api/monitoring/hourly/daily": (request: Request, query: URLSearchParams) =>
        down ? json({ detail: "Later." }, 503) : answers["GET /api/monitoring/hourly/daily"](request, query),
      "GET /api/monitoring/live": live.answer,
    });
    await screen.findByRole("table");
    down = true;
    live.send("hour", { device_id: heatPump.id });
    expect(await screen.findByText(/Not up to date/)).toBeVisible();
    expect(screen.getByRole("table")).toBeVisible();
  });
});
