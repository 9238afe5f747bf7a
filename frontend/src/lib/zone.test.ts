import { describe, expect, it } from "vitest";

import { dayBounds, isLocalDate, localDate, offsetText, shiftDate } from "./zone";

const hours = (date: string, zone: string) => (dayBounds(date, zone).end - dayBounds(date, zone).start) / 3_600_000;

describe("a local day", () => {
  it.each([
    ["2026-11-21", "Europe/Rome", 24],
    ["2026-03-29", "Europe/Rome", 23],
    ["2026-10-25", "Europe/Rome", 25],
    ["2026-04-05", "Australia/Lord_Howe", 24.5],
    ["2026-10-04", "Australia/Lord_Howe", 23.5],
    ["2026-11-21", "Asia/Kolkata", 24],
  ])("%s in %s has %d hours", (date, zone, length) => expect(hours(date, zone)).toBe(length));

  it("begins at the zone's midnight", () => {
    expect(new Date(dayBounds("2026-11-21", "Asia/Kolkata").start).toISOString()).toBe("2026-11-20T18:30:00.000Z");
  });
});

it("tells an instant's date in the zone", () => {
  expect(localDate("2026-11-21T23:30:00Z", "Europe/Rome")).toBe("2026-11-22");
  expect(localDate("2026-11-21T23:30:00Z", "America/New_York")).toBe("2026-11-21");
});

it("steps over month and clock changes", () => {
  expect(shiftDate("2026-03-01", -1)).toBe("2026-02-28");
  expect(shiftDate("2026-10-25", 1)).toBe("2026-10-26");
});

it("accepts only real dates from an address", () => {
  expect(isLocalDate("2026-02-28")).toBe(true);
  for (const text of ["2026-02-30", "2026-2-3", "today", "", null]) expect(isLocalDate(text)).toBe(false);
});

it("writes offsets with hours and minutes", () => {
  expect(offsetText("2026-07-01T00:00:00Z", "Europe/Rome")).toBe("+02:00");
  expect(offsetText("2026-07-01T00:00:00Z", "Asia/Kolkata")).toBe("+05:30");
  expect(offsetText("2026-01-01T00:00:00Z", "America/New_York")).toBe("−05:00");
});
