import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { Schedule } from "@/api/generated/monitoring";
import { Button } from "@/components/button";
import { Card } from "@/components/card";
import { SelectField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { Loaded, Skeleton, useErrorText } from "@/components/states";
import { moment } from "@/lib/format";
import { z } from "@/lib/schema";

import { useAddSchedule, useChangeSchedule, useDeleteSchedule, useSchedules } from "./api";
import { FORMATS, FormatOptions, ScopeOptions } from "./scope-options";

const RHYTHMS = ["day", "week", "month"] as const;
const schema = z.object({ scope: z.string(), every: z.enum(RHYTHMS), format: z.enum(FORMATS), by_mail: z.boolean() });

/** Reports that come by themselves. `zone`: of the moments that are shown. */
export function Schedules({ zone }: { zone: string }) {
  const { t } = useTranslation();
  const schedules = useSchedules();
  const add = useAddSchedule();
  const form = useServiceForm<z.infer<typeof schema>>({
    schema,
    defaultValues: { scope: "all", every: "month", format: "pdf", by_mail: true },
    send: (values) => add.mutateAsync(values),
  });

  return (
    <Card className="p-5 sm:p-6" aria-labelledby="schedules">
      <h2 id="schedules" className="text-lg font-semibold">
        {t("reports.schedules")}
      </h2>
      <p className="mb-4 max-w-prose text-sm text-muted">{t("reports.schedulesLead")}</p>
      <Loaded query={schedules} skeleton={<Skeleton className="h-16" />}>
        {(list) =>
          list.length === 0 ? (
            <p className="text-sm text-muted">{t("reports.noSchedules")}</p>
          ) : (
            <ul className="divide-y divide-line">
              {list.map((schedule) => (
                <ScheduleItem key={schedule.id} schedule={schedule} zone={zone} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <form noValidate className="mt-4 flex flex-col gap-4 border-t border-line pt-4" onSubmit={form.submit}>
        <FormFailure form={form} />
        <div className="grid gap-4 sm:grid-cols-3">
          <SelectField label={t("reports.scope")} {...form.field("scope")}>
            <ScopeOptions />
          </SelectField>
          <SelectField label={t("reports.every")} {...form.field("every")}>
            {RHYTHMS.map((every) => (
              <option key={every} value={every}>
                {t(`reports.rhythms.${every}`)}
              </option>
            ))}
          </SelectField>
          <SelectField label={t("reports.format")} {...form.field("format")}>
            <FormatOptions />
          </SelectField>
        </div>
        <label className="flex min-h-11 items-center gap-3 text-sm sm:min-h-10">
          <input type="checkbox" className="size-5 accent-accent" {...form.register("by_mail")} />
          {t("reports.byMail")}
        </label>
        <div>
          <Submit form={form} look="secondary">
            {t("reports.addSchedule")}
          </Submit>
        </div>
      </form>
    </Card>
  );
}

function ScheduleItem({ schedule, zone }: { schedule: Schedule; zone: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const change = useChangeSchedule();
  const remove = useDeleteSchedule();
  const title = useId();
  const last = schedule.last_report;
  const failure = change.error ?? remove.error;
  return (
    <li aria-labelledby={title} className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 py-3">
      <div className="flex min-w-0 flex-1 basis-64 flex-col gap-1">
        <p id={title} className="font-medium break-words">
          {t(`reports.rhythms.${schedule.every}`)}: {schedule.scope_name} ({schedule.format.toUpperCase()})
        </p>
        <p className="text-sm text-muted tabular-nums">
          {schedule.next_at === null ? t("reports.stopped") : t("reports.next", { at: moment(schedule.next_at, zone) })}
        </p>
        {last !== null && (
          <p className="text-sm text-muted">
            {last.state === "failed"
              ? t("reports.last.failed", { why: last.error })
              : last.mailed_at !== null
                ? t("reports.last.mailed", { at: moment(last.mailed_at, zone) })
                : t(last.state === "done" ? "reports.last.done" : "reports.last.waiting")}
            {last.mail_error !== null && ` ${last.mail_error}`}
          </p>
        )}
        {failure !== null && (
          <p role="alert" className="text-sm text-bad">
            {errorText(failure)}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          look="secondary"
          aria-describedby={title}
          disabled={change.isPending}
          onClick={() => change.mutate({ id: schedule.id, enabled: !schedule.enabled })}
        >
          {t(schedule.enabled ? "reports.stop" : "reports.resume")}
        </Button>
        <Button look="quiet" aria-describedby={title} disabled={remove.isPending} onClick={() => remove.mutate(schedule.id)}>
          {t("reports.delete")}
        </Button>
      </div>
    </li>
  );
}
