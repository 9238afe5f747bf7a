import { useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/card";
import { SelectField, TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { useNow } from "@/lib/clock";
import { z } from "@/lib/schema";
import { localDate, shiftDate } from "@/lib/zone";

import { useAskForReport } from "./api";
import { asked, PERIODS } from "./periods";
import { FORMATS, FormatOptions, ScopeOptions } from "./scope-options";

const schema = z
  .object({
    scope: z.string(),
    period: z.enum(PERIODS),
    first: z.string(),
    last: z.string(),
    format: z.enum(FORMATS),
  })
  .check(z.refine(({ period, first, last }) => period !== "between" || first <= last, { error: "reports.toBeforeFrom", path: ["last"] }));

/** `zone`: whose today counts where the service must be told a date. */
export function ReportForm({ zone }: { zone: string }) {
  const { t } = useTranslation();
  const ask = useAskForReport();
  const today = localDate(useNow(), zone);
  const form = useServiceForm<z.infer<typeof schema>>({
    schema,
    defaultValues: { scope: "all", period: "lastMonth", first: shiftDate(today, -7), last: shiftDate(today, -1), format: "pdf" },
    send: ({ scope, period, first, last, format }) => ask.mutateAsync({ scope, format, period: asked(period, today, first, last) }),
  });
  const period = useWatch({ control: form.control, name: "period" });
  const late = form.message("last");

  return (
    <Card className="p-5 sm:p-6" aria-labelledby="make-a-report">
      <h2 id="make-a-report" className="mb-4 text-lg font-semibold">
        {t("reports.make")}
      </h2>
      <form noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
        <FormFailure form={form} />
        <div className="grid gap-4 sm:grid-cols-3">
          <SelectField label={t("reports.scope")} {...form.field("scope")}>
            <ScopeOptions />
          </SelectField>
          <SelectField label={t("reports.period")} {...form.field("period")}>
            {PERIODS.map((name) => (
              <option key={name} value={name}>
                {t(`reports.periods.${name}`)}
              </option>
            ))}
          </SelectField>
          <SelectField label={t("reports.format")} {...form.field("format")}>
            <FormatOptions />
          </SelectField>
        </div>
        {period === "between" && (
          <div className="grid gap-4 sm:grid-cols-3">
            <TextField type="date" label={t("reports.from")} max={today} {...form.field("first")} />
            <TextField type="date" label={t("reports.to")} {...form.field("last")} error={late === "reports.toBeforeFrom" ? t(late) : late} />
          </div>
        )}
        <div>
          <Submit form={form} busy={t("reports.creating")}>
            {t("reports.create")}
          </Submit>
        </div>
      </form>
    </Card>
  );
}
