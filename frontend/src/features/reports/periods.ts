import { shiftDate, type LocalDate } from "@/lib/zone";

export const PERIODS = ["today", "yesterday", "week", "lastWeek", "month", "lastMonth", "year", "lastYear", "between"] as const;
export type PeriodName = (typeof PERIODS)[number];

/**
 * A period as the service takes it. The running ones go by name, so that the plant's own clock says which they are; past ones by
 * their dates, of which the service does not count the last.
 */
export function asked(period: PeriodName, today: LocalDate, first: LocalDate, last: LocalDate): string | { start: string; end: string } {
  const month = today.slice(0, 7);
  const year = Number(today.slice(0, 4));
  const monday = shiftDate(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7));
  switch (period) {
    case "today":
      return "day";
    case "yesterday":
      return shiftDate(today, -1);
    case "lastWeek":
      return { start: shiftDate(monday, -7), end: monday };
    case "lastMonth":
      return shiftDate(`${month}-01`, -1).slice(0, 7);
    case "lastYear":
      return String(year - 1);
    case "between":
      return { start: first, end: shiftDate(last, 1) };
    default:
      return period;
  }
}
