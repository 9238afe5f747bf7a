import { describe, expect, it } from "vitest";

import { age, clock, count, day, energy, exactMoment, kwhNumber, moment, NOTHING, percent } from "./format";

describe("energy", () => {
  it("is a dash where there is no number, and never a zero", () => {
    expect(energy(null)).toBe(NOTHING);
    expect(energy(undefined)).toBe(NOTHING);
    expect(energy(0)).toBe("0.00\u00a0kWh");
  });
  it.each([
    [0.0042, "<0.01"],
    [0, "0.00"],
    [0.213, "0.21"],
    [12.345, "12.35"],
    [345.67, "345.7"],
    [12345.6, "12,346"],
    [-1.5, "-1.50"],
  ])("writes %d as %s", (value, text) => expect(kwhNumber(value)).toBe(text));
});

describe("percent", () => {
  it("never calls nearly everything everything", () => {
    expect(percent(0.9967)).toBe("99%");
    expect(percent(1)).toBe("100%");
    expect(percent(0.29)).toBe("29%");
  });
});

describe("times", () => {
  it("are those of the zone that is named, whatever the viewer's", () => {
    expect(clock("2026-11-21T23:30:00Z", "Europe/Rome")).toBe("00:30");
    expect(moment("2026-11-21T23:30:00Z", "Europe/Rome")).toMatch(/^Sun,? 22 Nov, 00:30$/);
    expect(clock("2026-11-21T00:00:00Z", "UTC")).toBe("00:00");
    expect(day("2026-11-21")).toMatch(/^Saturday,? 21 November 2026$/);
  });
  it("can be told to the second, with the offset", () => {
    expect(exactMoment("2026-11-21T13:05:09Z", "Europe/Rome")).toMatch(/^Saturday,? 21 November 2026 at 14:05:09 \+01:00$/);
  });
  it("tell an age in its largest whole unit", () => {
    expect(age("2026-11-21T11:57:00Z", "2026-11-21T12:00:20Z")).toBe("3 minutes ago");
    expect(age("2026-11-21T11:59:50Z", "2026-11-21T12:00:00Z")).toBe("now");
    expect(age("2026-11-18T11:00:00Z", "2026-11-21T12:00:00Z")).toBe("3 days ago");
  });
});

it("shows a share of a reading where the interval does not divide the hour", () => {
  expect(count(6)).toBe("6");
  expect(count(60 / 7)).toBe("8.6");
});
