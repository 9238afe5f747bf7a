import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { Alert } from "@/api/generated/monitoring";
import { Button } from "@/components/button";
import { TextField } from "@/components/field";
import { useErrorText } from "@/components/states";
import { energy, exactMoment, moment, money } from "@/lib/format";
import { localDate } from "@/lib/zone";

import { useAnswerAlert } from "./api";
import { SeverityBadge } from "./severity-badge";

/** What happened, expected against actual, what to do, and what one can answer. `zone`: of the device's days. */
export function AlertItem({ alert, zone }: { alert: Alert; zone: string }) {
  const { t } = useTranslation();
  const answer = useAnswerAlert(alert.id);
  const errorText = useErrorText();
  const title = useId();
  // What is being written while it is acknowledged; null: it is not.
  const [note, setNote] = useState<string | null>(null);
  const open = alert.state === "open";
  const said = alert.state === "normal" ? t("alerts.saidNormal") : alert.acknowledged_at !== null && t("alerts.acknowledgedAt", { at: moment(alert.acknowledged_at, zone) });

  return (
    <li aria-labelledby={title} className="flex flex-col gap-2 px-4 py-4 sm:px-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-sm text-muted">
        <SeverityBadge severity={alert.severity} />
        <Link to={`/devices/${alert.device_id}?date=${localDate(alert.start, zone)}`} className="inline-flex min-h-6 items-center font-medium text-accent hover:underline">
          {alert.device_name}
        </Link>
        <time dateTime={alert.start} title={exactMoment(alert.start, zone)} className="tabular-nums">
          {alert.end !== null && !open
            ? t("alerts.fromTo", { from: moment(alert.start, zone), to: moment(alert.end, zone) })
            : t("alerts.since", { at: moment(alert.start, zone) })}
        </time>
        {!open && <span>{t(`alerts.states.${alert.state}`)}</span>}
      </div>
      <p id={title} className="font-medium">
        {alert.message}
      </p>
      {alert.expected_kwh !== null && alert.actual_kwh !== null && (
        <p className="text-sm tabular-nums">
          {t("alerts.against", { actual: energy(alert.actual_kwh), expected: energy(alert.expected_kwh) })}
          {alert.actual_cost !== null &&
            alert.expected_cost !== null &&
            ` (${t("alerts.against", { actual: money(alert.actual_cost, alert.currency), expected: money(alert.expected_cost, alert.currency) })})`}
        </p>
      )}
      {alert.recommendation !== "" && <p className="max-w-prose text-sm text-muted">{alert.recommendation}</p>}
      {(said || alert.note !== "") && <p className="text-sm text-muted">{[said, alert.note].filter(Boolean).join(" · ")}</p>}
      {note !== null ? (
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            answer.mutate({ acknowledged: true, read: true, note }, { onSuccess: () => setNote(null) });
          }}
        >
          <div className="min-w-56 flex-1 sm:max-w-sm">
            {/* The reader has just asked for it. */}
            {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
            <TextField label={t("alerts.note")} maxLength={500} optional autoFocus value={note} onChange={(event) => setNote(event.target.value)} />
          </div>
          <Button type="submit" disabled={answer.isPending}>
            {t("alerts.acknowledge")}
          </Button>
          <Button look="secondary" onClick={() => setNote(null)}>
            {t("common.cancel")}
          </Button>
        </form>
      ) : (
        <div className="flex flex-wrap gap-2">
          {!alert.acknowledged && (
            <Button look="secondary" aria-describedby={title} onClick={() => setNote(alert.note)}>
              {t("alerts.acknowledge")}
            </Button>
          )}
          {alert.type !== "no_data" && (
            <Button look="quiet" aria-describedby={title} disabled={answer.isPending} onClick={() => answer.mutate({ normal: alert.state !== "normal" })}>
              {t(alert.state === "normal" ? "alerts.notNormal" : "alerts.normal")}
            </Button>
          )}
        </div>
      )}
      {answer.isError && (
        <p role="alert" className="text-sm text-bad">
          {errorText(answer.error)}
        </p>
      )}
    </li>
  );
}
