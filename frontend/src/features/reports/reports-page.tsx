import { FileText } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/card";
import { Pager, useListParams } from "@/components/list";
import { Page } from "@/components/page";
import { Loaded, Notice, Skeleton } from "@/components/states";

import { useReports } from "./api";
import { ReportForm } from "./report-form";
import { ReportItem } from "./report-item";
import { Schedules } from "./schedules";

export function ReportsPage() {
  const { t } = useTranslation();
  const { page, setPage } = useListParams();
  const reports = useReports(page);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Page title={t("reports.title")} lead={t("reports.lead")}>
      <ReportForm zone={zone} />
      <Card aria-labelledby="made-reports">
        <h2 id="made-reports" className="px-4 pt-4 text-lg font-semibold sm:px-5">
          {t("reports.madeReports")}
        </h2>
        <Loaded query={reports} skeleton={<Skeleton className="m-5 h-24" />}>
          {({ results, count }) =>
            results.length === 0 ? (
              <Notice icon={FileText} title={t("reports.emptyTitle")} text={t("reports.empty")} />
            ) : (
              <>
                <ul className="divide-y divide-line">
                  {results.map((report) => (
                    <ReportItem key={report.id} report={report} />
                  ))}
                </ul>
                <Pager page={page} total={count} onPage={setPage} />
              </>
            )
          }
        </Loaded>
      </Card>
      <Schedules zone={zone} />
    </Page>
  );
}
