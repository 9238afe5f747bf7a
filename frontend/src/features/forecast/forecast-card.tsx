import { Info } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/card";
import { Failure, Skeleton } from "@/components/states";
import { moment, percent } from "@/lib/format";

import type { useForecast } from "./api";

/** Where the forecast comes from, and how far it could be trusted so far. */
export function ForecastCard({ query, zone }: { query: ReturnType<typeof useForecast>; zone: string }) {
  const { t } = useTranslation();
  return (
    <Card aria-labelledby="forecast-title" className="flex flex-col gap-4 p-4 sm:p-5">
      <h2 id="forecast-title" className="font-semibold">
        {t("forecast.title")}
      </h2>
      <Content query={query} zone={zone} />
    </Card>
  );
}

function Content({ query, zone }: { query: ReturnType<typeof useForecast>; zone: string }) {
  const { t, i18n } = useTranslation();
  if (query.isPending) return <Skeleton className="h-24 w-full" />;
  if (query.data === undefined) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (query.data.state === "none") {
    return (
      <p className="text-sm text-muted">
        {t("forecast.none")}
        {query.data.reason !== null && `: ${query.data.reason}`}
      </p>
    );
  }
  const { model, reason, issued_at, history_until, accuracy, fallback } = query.data.forecast;
  const { mase, mase_baseline: baseline, coverage_80: coverage } = accuracy;
  const scored = typeof mase === "number" && typeof baseline === "number" && baseline > 0;
  return (
    <>
      {fallback && (
        <p className="flex gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
          <Info aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          {t("forecast.fallback", { reason: fallback })}
        </p>
      )}
      <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2 lg:grid-cols-4 [&_dd]:tabular-nums [&_dt]:text-muted">
        <div>
          <dt>{t("forecast.model")}</dt>
          <dd>
            {i18n.exists(`forecast.models.${model}`) ? t(`forecast.models.${model}` as "forecast.models.sarimax") : model}
            {reason && <span className="block text-muted">{reason}</span>}
          </dd>
        </div>
        <div>
          <dt>{t("forecast.issued")}</dt>
          <dd>{moment(issued_at, zone)}</dd>
        </div>
        <div>
          <dt>{t("forecast.basedOn")}</dt>
          <dd>{moment(history_until, zone)}</dd>
        </div>
        <div>
          <dt>{t("forecast.accuracy")}</dt>
          <dd>
            {!scored
              ? t("forecast.notScored")
              : mase < baseline
                ? t("forecast.better", { share: percent(1 - mase / baseline) })
                : t("forecast.worse")}
            {typeof coverage === "number" && <span className="block">{t("forecast.coverage", { share: percent(coverage) })}</span>}
          </dd>
        </div>
      </dl>
    </>
  );
}
