import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";

import { hourlyDaily } from "@/api/generated/monitoring";
import { untilKnown } from "@/api/until-known";
import { localDate, type LocalDate } from "@/lib/zone";

export const HOURS_KEY = "hours";

export function dayQuery(deviceId: string, date: LocalDate) {
  return queryOptions({
    queryKey: [HOURS_KEY, deviceId, date],
    queryFn: ({ signal }) => hourlyDaily({ query: { device_id: deviceId, date }, signal }),
    ...untilKnown,
  });
}

/** A device's hours of one local day. While another day loads the last one stays, so that the page does not jump. */
export function useDay(deviceId: string, date: LocalDate | null) {
  return useQuery({
    ...dayQuery(deviceId, date ?? ""),
    enabled: date !== null,
    placeholderData: keepPreviousData,
    // Live updates bring new hours; this is for when they cannot.
    refetchInterval: 120_000,
  });
}

/** The zone in which this device's days begin: the service knows it (plant's, else the system's) and says it with any day. */
export function useDeviceZone(deviceId: string, now: number, enabled: boolean) {
  return useQuery({ ...dayQuery(deviceId, localDate(now, "UTC")), select: (day) => day.timezone, enabled });
}

export function usePrefetchDay(deviceId: string): (date: LocalDate) => void {
  const queries = useQueryClient();
  return (date) => {
    // A day that cannot be loaded ahead of time says so when it is opened.
    queries.query(dayQuery(deviceId, date)).catch(() => undefined);
  };
}
