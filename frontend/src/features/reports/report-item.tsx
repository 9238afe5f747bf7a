import { Download, Trash2 } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { Report } from "@/api/generated/monitoring";
import { Button } from "@/components/button";
import { useErrorText } from "@/components/states";
import { emission, energy, money, percent, shortDay } from "@/lib/format";
import { localDate } from "@/lib/zone";

import { isOpen, useDeleteReport, useDownloadReport } from "./api";

/** The first and the last day of a period whose end is not counted. */
export function useDays() {
  const { t } = useTranslation();
  return (start: string, end: string, zone: string) => {
    const from = localDate(start, zone);
    const to = localDate(new Date(end).getTime() - 1, zone);
    return from === to ? shortDay(from) : t("reports.days", { from: shortDay(from), to: shortDay(to) });
  };
}

/** What it is about, its figures, and its file. */
export function ReportItem({ report }: { report: Report }) {
  const { t } = useTranslation();
  const days = useDays();
  const errorText = useErrorText();
  const download = useDownloadReport();
  const remove = useDeleteReport();
  const title = useId();
  const { period, summary } = report;
  const failure = download.error ?? remove.error;
  const kwh = summary?.totals[0]?.kwh ?? null;

  return (
    <li aria-labelledby={title} className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-4 py-4 sm:px-5">
      <div className="flex min-w-0 flex-1 basis-64 flex-col gap-1">
        <p id={title} className="font-medium break-words">
          {report.scope_name}, {days(period.start, period.end, period.timezone)}
        </p>
        {summary === null ? (
          <p className={report.state === "failed" ? "text-sm text-bad" : "text-sm text-muted"} role="status">
            {t(`reports.states.${report.state}`)}
            {report.error !== null && `: ${report.error}`}
          </p>
        ) : (
          <p className="text-sm text-muted tabular-nums">
            {[
              energy(kwh),
              summary.cost !== null && money(summary.cost, summary.currency),
              summary.co2_kg !== null && `${emission(summary.co2_kg)} CO₂`,
              t("reports.completeness", { share: percent(summary.completeness) }),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
        )}
        {report.revised && <p className="text-sm text-warn">{t("reports.revised")}</p>}
        {failure !== null && (
          <p role="alert" className="text-sm text-bad">
            {errorText(failure)}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-2">
        {report.file_url !== null && (
          <Button look="secondary" aria-describedby={title} disabled={download.isPending} onClick={() => download.mutate(report)}>
            <Download aria-hidden="true" className="size-4" />
            {t("reports.download", { format: report.format.toUpperCase() })}
          </Button>
        )}
        {!isOpen(report) && (
          <Button look="quiet" aria-describedby={title} disabled={remove.isPending} onClick={() => remove.mutate(report.id)}>
            <Trash2 aria-hidden="true" className="size-4" />
            {t("reports.delete")}
          </Button>
        )}
      </div>
    </li>
  );
}
