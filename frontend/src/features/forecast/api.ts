import { queryOptions, useQuery } from "@tanstack/react-query";

import { ApiError } from "@/api/errors";
import { getForecast, type Forecast } from "@/api/generated/forecasts";
import { untilKnown } from "@/api/until-known";

/** Today's rest and the whole of tomorrow, in one answer for every page that speaks of either. */
const HORIZON_HOURS = 48;

/** `none`: there is nothing to forecast from, and why. */
export type ForecastAnswer = { state: "issued"; forecast: Forecast } | { state: "none"; reason: string | null };

/** Of a scope: `device_<id>`, `plant_<id>`, `user_<id>_all`. */
export function forecastQuery(scope: string) {
  return queryOptions({
    queryKey: ["forecast", scope],
    queryFn: async ({ signal }): Promise<ForecastAnswer> => {
      try {
        return { state: "issued", forecast: await getForecast({ query: { scope, horizon: HORIZON_HOURS }, signal }) };
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) return { state: "none", reason: error.detail };
        throw error;
      }
    },
    ...untilKnown,
    staleTime: 5 * 60_000,
    refetchInterval: 10 * 60_000,
  });
}

export function useForecast(scope: string, enabled: boolean) {
  return useQuery({ ...forecastQuery(scope), enabled });
}
