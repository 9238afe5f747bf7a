import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { dashboard, hourlyRange } from "@/api/generated/monitoring";
import { HOURS_KEY } from "@/features/day/api";
import { dayBounds, type LocalDate } from "@/lib/zone";

export const DASHBOARD_KEY = ["dashboard"] as const;
/** In the place of a device's id: the hours of everything that the caller may see. */
export const EVERYTHING = "all";

export function useDashboard() {
  return useQuery({
    queryKey: DASHBOARD_KEY,
    queryFn: ({ signal }) => dashboard({ signal }),
    // Live updates bring new hours; this is for when they cannot.
    refetchInterval: 120_000,
  });
}

/** The hours of one local day, all devices together: consumption, or the first kind that there is. */
export function useWholeDay(date: LocalDate | null, zone: string) {
  return useQuery({
    queryKey: [HOURS_KEY, EVERYTHING, date, zone],
    queryFn: ({ signal }) => {
      const { start, end } = dayBounds(date ?? "", zone);
      const query = { scope: EVERYTHING, start: new Date(start).toISOString(), end: new Date(end).toISOString(), timezone: zone } as const;
      return hourlyRange({ query, signal });
    },
    enabled: date !== null,
    placeholderData: keepPreviousData,
    refetchInterval: 120_000,
  });
}
