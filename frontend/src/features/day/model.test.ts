import { describe, expect, it } from "vitest";

import { dayBounds } from "@/lib/zone";

import { buildDay, expectationFor, newestDay, nextExpected, type HourIn, type PointIn } from "./model";

const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

/** A day of hours as the service gives it; `until` ends what is measured, the rest is missing. */
function hoursOf(date: string, zone: string, until = Infinity, kwh = 1): HourIn[] {
  const { start, end } = dayBounds(date, zone);
  const hours: HourIn[] = [];
  for (let at = start; at < end; at += HOUR) {
    const known = at + HOUR <= until;
    hours.push({ start: iso(at), kwh: known ? kwh : null, readings: known ? 6 : 0, expected: 6, quality: known ? "measured" : "missing" });
  }
  return hours;
}

const points = (first: number, howMany: number, kwh = 2): PointIn[] =>
  Array.from({ length: howMany }, (_, index) => ({
    start: iso(first + index * HOUR),
    kwh,
    lower_80: kwh / 2,
    upper_80: kwh * 2,
    lower_95: 0,
    upper_95: kwh * 4,
  }));

const past = (date: string, zone: string) =>
  buildDay({ date, zone, hours: hoursOf(date, zone), totalKwh: 24, forecast: [], now: dayBounds(date, zone).end + 10 * HOUR });

describe("the hours of a day", () => {
  it("are 23 when the clock goes forward, and the skipped hour is not among them", () => {
    const day = past("2026-03-29", "Europe/Rome");
    expect(day.slots).toHaveLength(23);
    expect(day.lengthHours).toBe(23);
    expect(day.slots.map((slot) => slot.label)).not.toContain("02:00");
  });

  it("are 25 when it goes back, and the repeated hour carries its offset", () => {
    const day = past("2026-10-25", "Europe/Rome");
    expect(day.slots).toHaveLength(25);
    expect(day.slots.slice(1, 5).map((slot) => slot.label)).toEqual(["01:00", "02:00 (+02:00)", "02:00 (+01:00)", "03:00"]);
  });

  it("end at midnight even where the clock moves by half an hour", () => {
    const day = past("2026-04-05", "Australia/Lord_Howe");
    expect(day.lengthHours).toBe(24.5);
    expect(day.slots.at(-1)?.end).toBe(dayBounds("2026-04-05", "Australia/Lord_Howe").end);
  });

  it("keep a gap as a gap", () => {
    const hours = hoursOf("2026-11-20", "UTC");
    hours[3] = { start: hours[3]?.start ?? "", kwh: null, readings: 0, expected: 6, quality: "missing" };
    const day = buildDay({ date: "2026-11-20", zone: "UTC", hours, totalKwh: 23, forecast: [], now: Date.parse("2026-11-21T12:00:00Z") });
    expect(day.slots[3]).toMatchObject({ kwh: null, quality: "missing" });
    expect(day.completeness).toEqual({ unit: "readings", received: 138, expected: 144 });
  });

  it("are not missing while they run or lie ahead", () => {
    const now = Date.parse("2026-11-21T10:30:00Z");
    const hours = hoursOf("2026-11-21", "UTC", now);
    const day = buildDay({ date: "2026-11-21", zone: "UTC", hours, totalKwh: 10, forecast: [], now });
    expect(day.slots[9]?.quality).toBe("measured");
    expect(day.slots[10]?.quality).toBe("running");
    expect(day.slots[11]?.quality).toBe("ahead");
    expect(day.completeness).toEqual({ unit: "readings", received: 60, expected: 60 });
  });

  it("count as hours where the meter's interval is longer than one", () => {
    const hours = hoursOf("2026-11-20", "UTC").map((hour) => ({ ...hour, expected: null }));
    const day = buildDay({ date: "2026-11-20", zone: "UTC", hours, totalKwh: 24, forecast: [], now: Date.parse("2026-11-22T00:00:00Z") });
    expect(day.completeness).toEqual({ unit: "hours", received: 24, expected: 24 });
  });

  it("do not let surplus readings hide a gap", () => {
    const hours = hoursOf("2026-11-20", "UTC").map((hour, index) => ({ ...hour, readings: index === 0 ? 0 : 12 }));
    const day = buildDay({ date: "2026-11-20", zone: "UTC", hours, totalKwh: 24, forecast: [], now: Date.parse("2026-11-22T00:00:00Z") });
    expect(day.completeness).toEqual({ unit: "readings", received: 138, expected: 144 });
  });
});

describe("the forecast", () => {
  const now = Date.parse("2026-11-21T10:30:00Z");
  const today = (forecast: PointIn[]) =>
    buildDay({ date: "2026-11-21", zone: "UTC", hours: hoursOf("2026-11-21", "UTC", now), totalKwh: 10, forecast, now });

  it("continues today past midnight until it covers 24 hours", () => {
    const day = today(points(Date.parse("2026-11-21T10:00:00Z"), 48));
    expect(day.slots).toHaveLength(34);
    expect(day.slots[9]?.forecast).toBeNull();
    expect(day.slots[10]?.forecast).toEqual({ kwh: 2, lower80: 1, upper80: 4 });
    expect(day.slots.at(-1)).toMatchObject({ date: "2026-11-22", label: "09:00", quality: "ahead" });
  });

  it("adds what is expected to what is measured, of this day only", () => {
    const day = today(points(Date.parse("2026-11-21T10:00:00Z"), 48));
    expect(day.aheadKwh).toBe(28);
    expect(day.projectedKwh).toBe(38);
  });

  it("does not pretend to know the day when an hour of it is missing", () => {
    const hours = hoursOf("2026-11-21", "UTC", now);
    hours[2] = { start: hours[2]?.start ?? "", kwh: null, readings: 0, expected: 6, quality: "missing" };
    const forecast = points(Date.parse("2026-11-21T10:00:00Z"), 24);
    const day = buildDay({ date: "2026-11-21", zone: "UTC", hours, totalKwh: 9, forecast, now });
    expect(day.projectedKwh).toBeNull();
    expect(day.aheadKwh).toBe(28);
  });

  it("leaves a past day alone", () => {
    const day = buildDay({
      date: "2026-11-19",
      zone: "UTC",
      hours: hoursOf("2026-11-19", "UTC"),
      totalKwh: 24,
      forecast: points(Date.parse("2026-11-21T10:00:00Z"), 48),
      now,
    });
    expect(day.slots).toHaveLength(24);
    expect(day.aheadKwh).toBeNull();
    expect(nextExpected(day, now)).toBeNull();
  });

  it("fills the whole of tomorrow", () => {
    const forecast = points(Date.parse("2026-11-21T10:00:00Z"), 48);
    const hours = hoursOf("2026-11-22", "UTC", 0);
    const day = buildDay({ date: "2026-11-22", zone: "UTC", hours, totalKwh: null, forecast, now });
    expect(day.slots).toHaveLength(24);
    expect(day.slots.every((slot) => slot.quality === "ahead" && slot.forecast !== null)).toBe(true);
    expect(day.projectedKwh).toBe(48);
  });

  it("follows data that ends exactly at midnight", () => {
    const day = buildDay({
      date: "2026-11-20",
      zone: "UTC",
      hours: hoursOf("2026-11-20", "UTC"),
      totalKwh: 24,
      forecast: points(Date.parse("2026-11-21T00:00:00Z"), 24),
      now: Date.parse("2026-11-21T00:20:00Z"),
    });
    expect(day.slots).toHaveLength(48);
    expect(nextExpected(day, Date.parse("2026-11-21T00:20:00Z"))?.label).toBe("00:00");
  });

  it("is split by time where a zone's hours straddle those of UTC", () => {
    const start = Date.parse("2026-11-21T00:00:00Z");
    const [low, high] = [points(start, 1, 1), points(start + HOUR, 1, 3)];
    const slot = { start: start + HOUR / 2, end: start + 1.5 * HOUR };
    expect(expectationFor(slot, [...low, ...high])).toEqual({ kwh: 2, lower80: 1, upper80: 4 });
    expect(expectationFor(slot, low)).toBeNull();
  });
});

describe("the newest day", () => {
  it("of a reading at midnight is the day that it ends", () => {
    expect(newestDay("2026-11-21T00:00:00Z", "UTC")).toBe("2026-11-20");
    expect(newestDay("2026-11-21T00:10:00Z", "UTC")).toBe("2026-11-21");
    expect(newestDay(null, "UTC")).toBeNull();
  });
});
