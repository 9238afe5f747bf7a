import { ChevronRight, Zap } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Dashboard, MonitoredDevice } from "@/api/generated/monitoring";
import { LinkButton } from "@/components/button";
import { Card, Figure, FigureSkeleton } from "@/components/card";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { useAlerts } from "@/features/alerts/api";
import { SeverityBadge } from "@/features/alerts/severity-badge";
import { useUser } from "@/features/auth/session";
import { DayGraph, DayNumbers } from "@/features/day/day-view";
import { buildDay } from "@/features/day/model";
import { monitoredById, useMonitoredDevices } from "@/features/devices/api";
import { StatusBadge } from "@/features/devices/status-badge";
import { useForecast } from "@/features/forecast/api";
import { LiveBadge } from "@/features/live/live-badge";
import { useNow } from "@/lib/clock";
import { emission, energy, money, percent, signedPercent } from "@/lib/format";
import { localDate } from "@/lib/zone";

import { useDashboard, useWholeDay } from "./api";

/** More than this many devices are a list, not a glance. */
const SHOWN_DEVICES = 6;
const SHOWN_ALERTS = 3;

export function HomePage() {
  const { t } = useTranslation();
  const isAdmin = useUser().role === "admin";
  const dashboard = useDashboard();
  return (
    <Page title={t("home.title")} lead={<LiveBadge />}>
      <Loaded query={dashboard} skeleton={<HomeSkeleton />}>
        {(totals) =>
          totals.device_breakdown.length === 0 ? (
            <Card>
              <Notice icon={Zap} title={t("devices.emptyTitle")} text={t(isAdmin ? "devices.emptyAdmin" : "devices.emptyClient")}>
                {isAdmin && <LinkButton to="/devices/new">{t("devices.new")}</LinkButton>}
              </Notice>
            </Card>
          ) : (
            <>
              <OpenAlerts />
              <Figures totals={totals} />
              <Today zone={totals.timezone}>
                <Devices totals={totals} />
              </Today>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

/** What wants a look, if anything does. */
function OpenAlerts() {
  const { t } = useTranslation();
  const found = useAlerts({ page: 1, all: false, size: SHOWN_ALERTS }).data;
  if (!found?.count) return null;
  return (
    <Card aria-labelledby="home-alerts">
      <div className="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
        <h2 id="home-alerts" className="font-semibold">
          {t("home.alerts", { count: found.count })}
        </h2>
        <Link to="/alerts" className="inline-flex min-h-6 items-center text-sm font-medium text-accent hover:underline">
          {t("home.toAlerts")}
        </Link>
      </div>
      <ul className="divide-y divide-line border-t border-line">
        {found.results.map((alert) => (
          <li key={alert.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3 text-sm">
            <SeverityBadge severity={alert.severity} />
            <span className="font-medium">{alert.device_name}</span>
            <span className="min-w-48 flex-1">{alert.message}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** High or low, what it costs, and what comes: each beside what it compares with. */
function Figures({ totals }: { totals: Dashboard }) {
  const { t } = useTranslation();
  const { today, yesterday_same_time: yesterday, avg_daily_consumption: usual, predicted_next_day: next, currency } = totals;
  return (
    <Card>
      <dl className="grid grid-cols-2 lg:grid-cols-4 lg:divide-x lg:divide-line">
        <Figure
          label={t("home.today")}
          note={
            today !== null && yesterday !== null && yesterday > 0
              ? t("home.againstYesterday", { change: signedPercent(today / yesterday - 1), energy: energy(yesterday) })
              : t("home.noYesterday")
          }
        >
          {energy(today)}
        </Figure>
        <Figure label={t("home.next")} note={usual !== null && t("home.usual", { energy: energy(usual) })}>
          {next === null ? energy(null) : `≈ ${energy(next)}`}
        </Figure>
        <Figure label={t("home.cost")} note={t(currency === null ? "home.noTariff" : "home.costNote")}>
          {money(totals.cost, currency)}
        </Figure>
        <Figure label={t("home.month")} note={totals.co2_kg !== null && t("home.co2", { amount: emission(totals.co2_kg) })}>
          {energy(totals.last_30_days)}
        </Figure>
        {totals.self_consumption !== null && (
          <Figure label={t("home.selfConsumption")} note={t("home.selfConsumptionNote")}>
            {percent(totals.self_consumption)}
          </Figure>
        )}
        {totals.autarky !== null && (
          <Figure label={t("home.autarky")} note={t("home.autarkyNote")}>
            {percent(totals.autarky)}
          </Figure>
        )}
      </dl>
    </Card>
  );
}

/** Today's hours of everything together and the forecast that continues them; `children` between chart and table. */
function Today({ zone, children }: { zone: string; children: ReactNode }) {
  const user = useUser();
  const now = useNow();
  const today = localDate(now, zone);
  const hours = useWholeDay(today, zone);
  const forecast = useForecast(`user_${user.id}_all`, user.role === "client");
  const answer = forecast.data?.state === "issued" ? forecast.data.forecast : undefined;
  const day = useMemo(
    () =>
      hours.data &&
      buildDay({
        date: today,
        zone,
        hours: hours.data.data,
        totalKwh: hours.data.total_kwh,
        forecast: answer?.kind === hours.data.kind ? answer.points : [],
        now,
      }),
    [hours.data, answer, today, zone, now],
  );
  return (
    <Loaded query={hours} skeleton={<Skeleton className="h-96 w-full rounded-xl" />}>
      {({ kind }) =>
        day && (
          <>
            <DayGraph day={day} kind={kind} limit={null} now={now} newest={null} />
            {children}
            <DayNumbers day={day} kind={kind} />
          </>
        )
      }
    </Loaded>
  );
}

const URGENCY: readonly MonitoredDevice["status"][] = ["silent", "late", "never", "online"];

/** Those that need a look first, then those with the most energy. */
function Devices({ totals }: { totals: Dashboard }) {
  const { t } = useTranslation();
  const statuses = useMonitoredDevices();
  const monitored = monitoredById(statuses.data);
  const urgency = (id: string) => URGENCY.indexOf(monitored.get(id)?.status ?? "online");
  const rows = [...totals.device_breakdown].sort((one, other) => urgency(one.device_id) - urgency(other.device_id));
  return (
    <Card aria-labelledby="home-devices">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-3">
        <h2 id="home-devices" className="font-semibold">
          {t("home.devices")}
        </h2>
        <Link to="/devices" className="inline-flex min-h-6 items-center text-sm font-medium text-accent hover:underline">
          {t("home.allDevices", { count: rows.length })}
        </Link>
      </div>
      {/* Not before the statuses are known: by them the rows would change places under the reader's finger. */}
      <ul className="divide-y divide-line" aria-busy={statuses.isPending}>
        {(statuses.isPending ? [] : rows.slice(0, SHOWN_DEVICES)).map((row) => {
          const state = monitored.get(row.device_id);
          return (
            <li key={row.device_id} className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-sm hover:bg-sunken/60">
              <div className="min-w-40 flex-1">
                <Link
                  to={`/devices/${row.device_id}`}
                  className="text-base font-medium break-words after:absolute after:inset-0 hover:text-accent md:text-sm"
                >
                  {row.name}
                </Link>
                <span className="block text-muted">{t(`devices.kinds.${row.kind}`)}</span>
              </div>
              {state && <StatusBadge status={state.status} />}
              <span className="ml-auto text-right tabular-nums">{energy(row.kwh)}</span>
              <ChevronRight aria-hidden="true" className="hidden size-4 text-muted md:block" />
            </li>
          );
        })}
      </ul>
      {statuses.isPending && <Skeleton className="m-4 h-40" />}
    </Card>
  );
}

function HomeSkeleton() {
  return (
    <div className="flex flex-col gap-5 sm:gap-6">
      <Card className="grid grid-cols-2 lg:grid-cols-4">
        {Array.from({ length: 4 }, (_, figure) => (
          <FigureSkeleton key={figure} />
        ))}
      </Card>
      <Skeleton className="h-96 w-full rounded-xl" />
    </div>
  );
}
