import { ChevronRight, Plus, SearchX, Zap } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Device } from "@/api/generated/devices";
import type { MonitoredDevice } from "@/api/generated/monitoring";
import { Button, LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { Pager, SearchBox, useListParams } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { useUser } from "@/features/auth/session";
import { useNow } from "@/lib/clock";
import { age, energy } from "@/lib/format";

import { monitoredById, useDevices, useMonitoredDevices } from "./api";
import { kindOf } from "./kind";
import { StatusBadge } from "./status-badge";

export function DevicesPage() {
  const { t } = useTranslation();
  const isAdmin = useUser().role === "admin";
  const { page, search, setPage, setSearch } = useListParams();
  const devices = useDevices({ page, search });
  const monitored = useMonitoredDevices();
  const newDevice = (
    <LinkButton to="/devices/new">
      <Plus aria-hidden="true" className="size-4" />
      {t("devices.new")}
    </LinkButton>
  );
  return (
    <Page title={t("devices.title")} lead={t("devices.lead")} actions={isAdmin && newDevice}>
      <Card>
        <div className="border-b border-line p-3">
          <SearchBox label={t("devices.search")} value={search} onChange={setSearch} />
        </div>
        {monitored.isError && monitored.data === undefined && (
          <p role="status" className="border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn">
            {t("devices.statusUnknown")}
          </p>
        )}
        <Loaded query={devices} skeleton={<Rows />}>
          {({ results, count }) =>
            results.length > 0 ? (
              <>
                <DeviceList devices={results} monitored={monitoredById(monitored.data)} />
                <Pager page={page} total={count} onPage={setPage} />
              </>
            ) : search !== "" ? (
              <Notice icon={SearchX} title={t("devices.noMatchTitle", { search })} text={t("devices.noMatch")}>
                <Button look="secondary" onClick={() => setSearch("")}>
                  {t("devices.clearSearch")}
                </Button>
              </Notice>
            ) : (
              <Notice icon={Zap} title={t("devices.emptyTitle")} text={t(isAdmin ? "devices.emptyAdmin" : "devices.emptyClient")}>
                {isAdmin && newDevice}
              </Notice>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

function Rows() {
  return (
    <div className="divide-y divide-line">
      {Array.from({ length: 5 }, (_, row) => (
        <div key={row} className="flex h-[4.5rem] items-center gap-4 px-4">
          <Skeleton className="h-4 w-40" />
          <Skeleton className="ml-auto h-6 w-20 rounded-full" />
        </div>
      ))}
    </div>
  );
}

function DeviceList({ devices, monitored }: { devices: readonly Device[]; monitored: ReadonlyMap<string, MonitoredDevice> }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{t("devices.caption")}</caption>
      <thead className="sr-only md:not-sr-only">
        <tr className="border-b border-line text-left text-muted md:table-row">
          <th scope="col" className="px-4 py-2.5 font-medium">
            {t("devices.name")}
          </th>
          <th scope="col" className="px-4 py-2.5 font-medium">
            {t("devices.status")}
          </th>
          <th scope="col" className="px-4 py-2.5 font-medium">
            {t("devices.lastReading")}
          </th>
          <th scope="col" className="px-4 py-2.5 text-right font-medium">
            {t("devices.limit")}
          </th>
          <td className="w-10" />
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {devices.map((device) => {
          const state = monitored.get(device.id);
          const limit = device.max_consumption ?? null;
          return (
            <tr
              key={device.id}
              className="relative grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 hover:bg-sunken/60 md:table-row md:p-0"
            >
              <th scope="row" className="text-left font-normal md:px-4 md:py-3.5">
                <Link
                  to={`/devices/${device.id}`}
                  className="text-base font-medium break-words text-ink after:absolute after:inset-0 hover:text-accent md:text-sm"
                >
                  {device.name}
                </Link>
                <span className="block text-muted">{t(`devices.kinds.${kindOf(device)}`)}</span>
              </th>
              <td className="md:px-4">{state && <StatusBadge status={state.status} />}</td>
              <td className="text-muted tabular-nums md:px-4 md:text-ink">
                {state && (state.last_seen ? age(state.last_seen, now) : t("devices.never"))}
              </td>
              <td className="text-right text-muted tabular-nums md:px-4 md:text-ink">
                {limit === null ? (
                  t("devices.noLimit")
                ) : (
                  <>
                    <span className="md:hidden">{t("devices.limitShort")} </span>
                    {energy(limit)}
                  </>
                )}
              </td>
              <td aria-hidden="true" className="hidden pr-3 text-muted md:table-cell">
                <ChevronRight className="size-4" />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
