import { useTranslation } from "react-i18next";

import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { PasswordField } from "@/features/auth/password-field";
import { useUser } from "@/features/auth/session";
import { z } from "@/lib/schema";

import { useChangePassword } from "./api";
import { Done, Section } from "./section";

const schema = z.object({
  old_password: z.string().check(z.minLength(1, "form.required")),
  new_password: z.string().check(z.minLength(8, "form.passwordLength")),
});

export function PasswordSection() {
  const { t } = useTranslation();
  const { username } = useUser();
  const change = useChangePassword();
  const form = useServiceForm({
    schema,
    defaultValues: { old_password: "", new_password: "" },
    send: async (values) => {
      await change.mutateAsync(values);
      form.reset();
    },
  });
  return (
    <Section title={t("account.password")} lead={t("account.passwordLead")}>
      <form method="post" noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
        <FormFailure form={form} />
        {/* Whose password it is, for password managers. */}
        <input hidden readOnly autoComplete="username" name="username" value={username} />
        <PasswordField label={t("account.oldPassword")} autoComplete="current-password" {...form.field("old_password")} />
        <PasswordField
          label={t("account.newPassword")}
          autoComplete="new-password"
          hint={t("auth.passwordHint")}
          {...form.field("new_password")}
        />
        <div className="flex flex-wrap items-center gap-4 pt-1">
          <Submit form={form} busy={t("common.saving")}>
            {t("account.changePassword")}
          </Submit>
          <Done>{change.isSuccess && !form.formState.isDirty && t("account.passwordChanged")}</Done>
        </div>
      </form>
    </Section>
  );
}
