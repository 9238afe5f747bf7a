import { expect, it } from "vitest";

import { asked } from "./periods";

it.each([
  ["today", "2026-03-01", "day"],
  ["yesterday", "2026-03-01", "2026-02-28"],
  ["week", "2026-03-01", "week"],
  ["lastWeek", "2026-03-01", { start: "2026-02-16", end: "2026-02-23" }],
  ["lastWeek", "2026-03-02", { start: "2026-02-23", end: "2026-03-02" }],
  ["lastMonth", "2026-01-31", "2025-12"],
  ["lastYear", "2026-01-31", "2025"],
  ["between", "2026-01-31", { start: "2026-01-10", end: "2026-01-21" }],
] as const)("%s on %s is asked for as the service takes it", (period, today, expected) => {
  expect(asked(period, today, "2026-01-10", "2026-01-20")).toEqual(expected);
});
