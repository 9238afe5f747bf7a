import { useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { Page } from "@/components/page";
import { currentName, ZoneField } from "@/components/zone-field";
import { z } from "@/lib/schema";

import { useCreatePlant } from "./api";

const schema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "form.required")),
  timezone: z.string().check(z.minLength(1, "form.required")),
  country: z.string().check(z.trim(), z.toUpperCase()),
});

export function NewPlantPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreatePlant();
  const form = useServiceForm({
    schema,
    // The person who creates a plant is most often near it; the field says what was taken.
    defaultValues: { timezone: currentName(Intl.DateTimeFormat().resolvedOptions().timeZone), country: "" },
    send: async (values) => {
      await create.mutateAsync({ ...values, country: values.country || null });
      await navigate("/plants");
    },
  });

  const zone = useWatch({ control: form.control, name: "timezone" });

  return (
    <Page title={t("plants.newTitle")} lead={t("plants.lead")}>
      <Card className="max-w-2xl p-5 sm:p-6">
        <form noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
          <FormFailure form={form} />
          <TextField label={t("plants.name")} autoComplete="off" {...form.field("name")} />
          <ZoneField
            label={t("plants.zone")}
            value={zone}
            error={form.message("timezone")}
            onChange={(name) => form.setValue("timezone", name, { shouldValidate: true })}
          />
          <TextField
            optional
            label={t("plants.country")}
            hint={t("plants.countryHelp")}
            maxLength={2}
            autoComplete="off"
            {...form.field("country")}
          />
          <div className="flex flex-wrap gap-2 pt-2">
            <Submit form={form}>{t("plants.create")}</Submit>
            <LinkButton look="secondary" to="/plants">
              {t("common.cancel")}
            </LinkButton>
          </div>
        </form>
      </Card>
    </Page>
  );
}
