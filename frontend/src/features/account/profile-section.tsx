import { useWatch } from "react-hook-form";
import { useTranslation } from "react-i18next";

import type { Profile } from "@/api/generated/users";
import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { ZoneField } from "@/components/zone-field";
import { z } from "@/lib/schema";

import { useSaveProfile } from "./api";
import { Done, Section } from "./section";

const required = () => z.string().check(z.trim(), z.minLength(1, "form.required"));
const schema = z.object({
  first_name: required(),
  last_name: required(),
  phone: z.string().check(z.trim()),
  timezone: required(),
});

export function ProfileSection({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const save = useSaveProfile();
  const form = useServiceForm({
    schema,
    defaultValues: {
      first_name: profile.first_name,
      last_name: profile.last_name,
      phone: profile.phone ?? "",
      timezone: profile.timezone ?? "UTC",
    },
    send: async (values) => {
      await save.mutateAsync(values);
      form.reset(values);
    },
  });
  const zone = useWatch({ control: form.control, name: "timezone" });

  return (
    <Section title={t("account.profile")} lead={t("account.profileLead")}>
      <form noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
        <FormFailure form={form} />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t("auth.firstName")} autoComplete="given-name" {...form.field("first_name")} />
          <TextField label={t("auth.lastName")} autoComplete="family-name" {...form.field("last_name")} />
        </div>
        <TextField optional label={t("auth.phone")} type="tel" autoComplete="tel" {...form.field("phone")} />
        <ZoneField
          label={t("account.zone")}
          hint={t("account.zoneHint")}
          value={zone}
          error={form.message("timezone")}
          onChange={(name) => form.setValue("timezone", name, { shouldDirty: true, shouldValidate: true })}
        />
        <div className="flex flex-wrap items-center gap-4 pt-1">
          <Submit form={form} busy={t("common.saving")}>
            {t("common.save")}
          </Submit>
          <Done>{save.isSuccess && !form.formState.isDirty && t("common.saved")}</Done>
        </div>
      </form>
    </Section>
  );
}
