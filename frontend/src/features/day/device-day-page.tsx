import { Pencil } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";

import { LinkButton } from "@/components/button";
import { Card, FigureSkeleton } from "@/components/card";
import { Page } from "@/components/page";
import { Failure, Loaded, Skeleton } from "@/components/states";
import { useUser } from "@/features/auth/session";
import { monitoredById, useDevice, useMonitoredDevices } from "@/features/devices/api";
import { kindOf } from "@/features/devices/kind";
import { StatusBadge } from "@/features/devices/status-badge";
import { useForecast } from "@/features/forecast/api";
import { ForecastCard } from "@/features/forecast/forecast-card";
import { LiveBadge } from "@/features/live/live-badge";
import { useNow } from "@/lib/clock";
import { age } from "@/lib/format";
import { isLocalDate, localDate, shiftDate } from "@/lib/zone";

import { useDay, useDeviceZone, usePrefetchDay } from "./api";
import { DayNavigation } from "./day-navigation";
import { DayView } from "./day-view";
import { buildDay, newestDay } from "./model";

export function DeviceDayPage() {
  const { deviceId = "" } = useParams();
  // Another device is another page: nothing of the last one may shine through.
  return <DeviceDay key={deviceId} deviceId={deviceId} />;
}

function DeviceDay({ deviceId }: { deviceId: string }) {
  const { t } = useTranslation();
  const isAdmin = useUser().role === "admin";
  const now = useNow();
  const [params] = useSearchParams();
  const device = useDevice(deviceId);
  const monitored = useMonitoredDevices();
  // The other services are asked about a device that exists: what they do not know of it yet, they will.
  const exists = device.data !== undefined;
  const zone = useDeviceZone(deviceId, now, exists);
  const forecast = useForecast(`device_${deviceId}`, exists);
  const prefetch = usePrefetchDay(deviceId);

  const state = monitoredById(monitored.data).get(deviceId);
  const today = zone.data === undefined ? null : localDate(now, zone.data);
  const newest = zone.data === undefined ? null : newestDay(state?.last_seen ?? null, zone.data);
  const asked = params.get("date");
  // A plain visit opens on today, or on the newest day with data when nothing has come in today.
  const opening = today === null || monitored.isPending ? null : newest !== null && newest < today ? newest : today;
  const date = isLocalDate(asked) ? asked : opening;
  const hours = useDay(deviceId, exists ? date : null);

  const points = forecast.data?.state === "issued" ? forecast.data.forecast.points : undefined;
  const day = useMemo(
    () =>
      hours.data &&
      buildDay({
        date: hours.data.date,
        zone: hours.data.timezone,
        hours: hours.data.hours,
        totalKwh: hours.data.total_kwh,
        forecast: points ?? [],
        now,
      }),
    [hours.data, points, now],
  );

  const failed = device.isError && device.data === undefined ? device : zone.isError && zone.data === undefined ? zone : null;
  if (failed) return <Failure error={failed.error} onRetry={() => void failed.refetch()} />;

  const lastPoint = points?.at(-1);
  const lastForecast = lastPoint && zone.data ? localDate(lastPoint.start, zone.data) : null;
  const tomorrow = today === null ? null : shiftDate(today, 1);
  const last = today === null || tomorrow === null ? null : lastForecast !== null && lastForecast >= tomorrow ? tomorrow : today;

  return (
    <Page
      title={device.data?.name ?? t("app.loading")}
      lead={
        <div className="flex min-h-15 flex-wrap content-start items-center gap-x-4 gap-y-2 sm:min-h-7">
          {device.data && <span>{t(`devices.kinds.${kindOf(device.data)}`)}</span>}
          {state && <StatusBadge status={state.status} />}
          {state && (
            <span className="tabular-nums">
              {state.last_seen ? `${t("devices.lastReading")}: ${age(state.last_seen, now)}` : t("devices.never")}
            </span>
          )}
          <LiveBadge />
        </div>
      }
      actions={
        isAdmin && (
          <LinkButton look="secondary" to={`/devices/${deviceId}/edit`}>
            <Pencil aria-hidden="true" className="size-4" />
            {t("devices.edit")}
          </LinkButton>
        )
      }
    >
      <div className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-2 sm:min-h-10">
        {date !== null && today !== null && last !== null && (
          <DayNavigation date={date} today={today} last={last} onApproach={prefetch} />
        )}
        {!isLocalDate(asked) && newest !== null && today !== null && newest < today && (
          <p role="status" className="text-sm text-warn">
            {t("day.newest")}
          </p>
        )}
      </div>
      <Loaded query={hours} skeleton={<DaySkeleton />}>
        {() =>
          day &&
          today !== null && (
            <div aria-busy={hours.isPlaceholderData} className={`flex flex-col gap-5 sm:gap-6 ${hours.isPlaceholderData ? "opacity-60" : ""}`}>
              <DayView
                day={day}
                kind={kindOf(device.data)}
                limit={device.data?.max_consumption ?? null}
                now={now}
                today={today}
                newest={newest}
                forecastPending={forecast.isPending}
              />
              {(day.date >= today || day.slots.some((slot) => slot.forecast !== null)) && (
                <ForecastCard query={forecast} zone={day.zone} />
              )}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function DaySkeleton() {
  return (
    <div className="flex flex-col gap-5 sm:gap-6">
      <Card className="grid grid-cols-2 lg:grid-cols-4">
        {Array.from({ length: 4 }, (_, figure) => (
          <FigureSkeleton key={figure} />
        ))}
      </Card>
      <Card className="flex flex-col gap-4 p-4 sm:p-5">
        <Skeleton className="h-6 w-64 max-w-full" />
        <Skeleton className="h-80 w-full" />
      </Card>
    </div>
  );
}
