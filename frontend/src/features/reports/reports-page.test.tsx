import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { alice, heatPump } from "@/testing/cast";
import { expectAccessible, visit } from "@/testing/render";
import { json, page } from "@/testing/services";

const home = { id: "00000000-0000-4000-8000-0000000000e1", name: "Home", timezone: "Europe/Rome", country: "IT", tariff: null };
const october = {
  id: "00000000-0000-4000-8000-0000000000f1",
  owner_id: alice.id,
  schedule_id: null,
  scope: `plant_${home.id}`,
  scope_name: "Home",
  period: { unit: "month", start: "2026-09-30T22:00:00Z", end: "2026-10-31T23:00:00Z", timezone: "Europe/Rome" },
  format: "pdf",
  state: "done",
  error: null,
  revised: true,
  summary: {
    resolution: "day",
    until: "2026-10-31T23:00:00Z",
    completeness: 0.98,
    totals: [{ kind: "consumption", kwh: 312.5, before_kwh: 290, before_known: 1, hours_known: 730, hours: 745, readings: 4380, expected: 4470 }],
    cost: 81.2,
    currency: "EUR",
    co2_kg: 96,
    self_consumption: null,
    autarky: null,
    revised_hours: 0,
  },
  size: 30_000,
  file_name: "energy-report.pdf",
  file_url: "/api/reports/00000000-0000-4000-8000-0000000000f1/file",
  created_at: "2026-11-01T08:00:00Z",
  finished_at: "2026-11-01T08:00:01Z",
  mailed_at: null,
  mail_error: null,
};
const waiting = { ...october, id: "00000000-0000-4000-8000-0000000000f2", state: "queued", summary: null, file_url: null, revised: false };
const failed = { ...waiting, id: "00000000-0000-4000-8000-0000000000f3", state: "failed", error: "Nothing is known." };
const monthly = {
  id: "00000000-0000-4000-8000-0000000000f9",
  owner_id: alice.id,
  scope: "all",
  scope_name: "All devices",
  every: "month",
  format: "pdf",
  by_mail: true,
  enabled: true,
  next_at: "2026-11-30T23:15:00Z",
  last_report: { id: october.id, start: october.period.start, end: october.period.end, state: "done", error: null, mailed_at: null, mail_error: "No address." },
  created_at: "2026-10-01T08:00:00Z",
};

const services = {
  "GET /api/reports": () => page([october]),
  "GET /api/reports/schedules": () => page([monthly]),
  "GET /api/plants": () => page([home]),
  "GET /api/monitoring/devices": () => page([{ ...heatPump, timezone: "Europe/Rome", status: "online", last_seen: "2026-11-21T10:20:00Z" }]),
};
const sentBy = async (requests: Request[], method: string) => {
  const sent = requests.find((request) => request.method === method && request.url.includes("/api/reports"));
  return { path: sent && new URL(sent.url).pathname, body: (await sent?.json()) as unknown };
};

describe("reports", () => {
  beforeEach(() => {
    URL.createObjectURL = () => "blob:report";
    URL.revokeObjectURL = () => undefined;
  });

  it("say what was, how much of it is known, and whether that still holds", async () => {
    const { container } = visit("/reports", alice, services);
    const item = await screen.findByRole("listitem", { name: /^Home, Thu,? 1 Oct to Sat,? 31 Oct/ });
    expect(item).toHaveTextContent(/312\.5\skWh · €81\.20 · 96\skg CO₂ · 98% of the hours known/);
    expect(item).toHaveTextContent("Corrected since");
    await expectAccessible(container);
  });

  it("are downloaded with the session's own token", async () => {
    const file = vi.fn(() => new Response("%PDF", { headers: { "Content-Disposition": 'attachment; filename="october.pdf"' } }));
    const saved = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    visit("/reports", alice, { ...services, [`GET ${october.file_url}`]: file });
    await userEvent.click(await screen.findByRole("button", { name: "Download PDF" }));
    await vi.waitFor(() => expect(saved).toHaveBeenCalled());
    expect(file).toHaveBeenCalledOnce();
    saved.mockRestore();
  });

  it("are asked for by plant and days, and followed until they are made", async () => {
    let list: unknown[] = [failed];
    const { container, requests } = visit("/reports", alice, {
      ...services,
      "GET /api/reports": () => page(list),
      "POST /api/reports": () => {
        list = [waiting, failed];
        return json(waiting, 202);
      },
    });
    expect(await screen.findByText("Could not be made: Nothing is known.")).toBeVisible();
    const form = screen.getByRole("region", { name: "Make a report" });
    const user = userEvent.setup();
    await within(form).findByRole("option", { name: "Home" });
    await user.selectOptions(within(form).getByLabelText("What it is about"), "Home");
    await user.selectOptions(within(form).getByLabelText("Period"), "From a day to another");
    await user.clear(within(form).getByLabelText("First day"));
    await user.type(within(form).getByLabelText("First day"), "2026-10-10");
    await user.clear(within(form).getByLabelText("Last day"));
    await user.type(within(form).getByLabelText("Last day"), "2026-10-09");
    await user.click(within(form).getByRole("button", { name: "Make the report" }));
    expect(await within(form).findByText("The last day is before the first.")).toBeVisible();
    await expectAccessible(container);
    await user.clear(within(form).getByLabelText("Last day"));
    await user.type(within(form).getByLabelText("Last day"), "2026-10-20");
    await user.selectOptions(within(form).getByLabelText("File"), "CSV, for other programs");
    await user.click(within(form).getByRole("button", { name: "Make the report" }));

    expect(await screen.findByText("Waits to be made")).toBeVisible();
    expect((await sentBy(requests, "POST")).body).toEqual({
      scope: `plant_${home.id}`,
      format: "csv",
      period: { start: "2026-10-10", end: "2026-10-21" },
    });
    list = [october];
    expect(await screen.findByRole("button", { name: "Download PDF" }, { timeout: 10_000 })).toBeVisible();
  });

  it("without data are refused with the reason", async () => {
    visit("/reports", alice, { ...services, "POST /api/reports": () => json({ detail: "Nothing is known of this energy." }, 422) });
    await userEvent.click(await screen.findByRole("button", { name: "Make the report" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing is known of this energy.");
  });

  it("can be deleted", async () => {
    let list: unknown[] = [october];
    visit("/reports", alice, {
      ...services,
      "GET /api/reports": () => page(list),
      [`DELETE /api/reports/${october.id}`]: () => {
        list = [];
        return json(null, 204);
      },
    });
    const item = await screen.findByRole("listitem", { name: /^Home/ });
    await userEvent.click(within(item).getByRole("button", { name: "Delete" }));
    expect(await screen.findByText("No reports yet")).toBeVisible();
  });

  it("come by themselves, and say how the last one went", async () => {
    const { requests } = visit("/reports", alice, {
      ...services,
      "POST /api/reports/schedules": () => json(monthly, 201),
      [`PATCH /api/reports/schedules/${monthly.id}`]: () => json({ ...monthly, enabled: false, next_at: null }),
    });
    const region = await screen.findByRole("region", { name: "Scheduled reports" });
    const item = await within(region).findByRole("listitem", { name: "Every month: All devices (PDF)" });
    expect(item).toHaveTextContent("The last one is made. No address.");
    await userEvent.click(within(item).getByRole("button", { name: "Stop" }));
    expect(await sentBy(requests, "PATCH")).toEqual({ path: `/api/reports/schedules/${monthly.id}`, body: { enabled: false } });
    await userEvent.selectOptions(within(region).getByLabelText("How often"), "Every week");
    await userEvent.click(within(region).getByRole("checkbox", { name: "Send it to my e-mail address" }));
    await userEvent.click(within(region).getByRole("button", { name: "Add a schedule" }));
    await vi.waitFor(async () =>
      expect((await sentBy(requests, "POST")).body).toEqual({ scope: "all", every: "week", format: "pdf", by_mail: false }),
    );
  });
});
