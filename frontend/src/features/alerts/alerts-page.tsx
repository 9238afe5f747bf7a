import { BellOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { Pager, useListParams } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";
import { monitoredById, useMonitoredDevices } from "@/features/devices/api";

import { AlertItem } from "./alert-item";
import { useAlerts } from "./api";

export function AlertsPage() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const all = params.get("show") === "all";
  const { page, setPage } = useListParams();
  const alerts = useAlerts({ page, all });
  const devices = monitoredById(useMonitoredDevices().data);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Page
      title={t("alerts.title")}
      lead={t(all ? "alerts.leadAll" : "alerts.lead")}
      actions={
        <LinkButton look="secondary" to={{ search: all ? "" : "?show=all" }}>
          {t(all ? "alerts.showOpen" : "alerts.showAll")}
        </LinkButton>
      }
    >
      <Card>
        <Loaded query={alerts} skeleton={<Rows />}>
          {({ results, count }) =>
            results.length > 0 ? (
              <div aria-busy={alerts.isPlaceholderData} className={alerts.isPlaceholderData ? "opacity-60" : ""}>
                <ul className="divide-y divide-line">
                  {results.map((alert) => (
                    <AlertItem key={alert.id} alert={alert} zone={devices.get(alert.device_id)?.timezone ?? zone} />
                  ))}
                </ul>
                <Pager page={page} total={count} onPage={setPage} />
              </div>
            ) : (
              <Notice icon={BellOff} title={t("alerts.emptyTitle")} text={t(all ? "alerts.emptyAll" : "alerts.empty")} />
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
      {Array.from({ length: 3 }, (_, row) => (
        <div key={row} className="flex flex-col gap-2 px-5 py-4">
          <Skeleton className="h-6 w-64 max-w-full" />
          <Skeleton className="h-5 w-96 max-w-full" />
          <Skeleton className="h-10 w-32" />
        </div>
      ))}
    </div>
  );
}
