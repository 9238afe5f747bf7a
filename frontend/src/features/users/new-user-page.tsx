import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { SelectField, TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { Page } from "@/components/page";
import { z } from "@/lib/schema";

import { useCreateUser } from "./api";

const required = () => z.string().check(z.trim(), z.minLength(1, "form.required"));
const schema = z.object({
  first_name: required(),
  last_name: required(),
  username: required(),
  email: z.string().check(z.trim(), z.email("form.email")),
  phone: z.string().check(z.trim()),
  role: z.enum(["client", "admin"]),
  password: z.string().check(z.minLength(8, "form.passwordLength")),
});

export function NewUserPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreateUser();
  const form = useServiceForm({
    schema,
    defaultValues: { role: "client", phone: "" },
    send: async (values) => {
      await create.mutateAsync(values);
      await navigate(`/users?search=${encodeURIComponent(values.username)}`);
    },
  });

  return (
    <Page title={t("users.newTitle")}>
      <Card className="max-w-2xl p-5 sm:p-6">
        {/* Somebody else's account: the administrator's own password must not be offered. */}
        <form noValidate autoComplete="off" className="flex flex-col gap-4" onSubmit={form.submit}>
          <FormFailure form={form} />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={t("auth.firstName")} {...form.field("first_name")} />
            <TextField label={t("auth.lastName")} {...form.field("last_name")} />
            <TextField
              label={t("auth.newUsername")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              {...form.field("username")}
            />
            <TextField label={t("auth.email")} type="email" autoComplete="off" {...form.field("email")} />
            <TextField
              label={t("users.initialPassword")}
              type="password"
              autoComplete="new-password"
              {...form.field("password")}
            />
            <SelectField label={t("users.role")} {...form.field("role")}>
              <option value="client">{t("users.roles.client")}</option>
              <option value="admin">{t("users.roles.admin")}</option>
            </SelectField>
            <TextField optional label={t("auth.phone")} type="tel" autoComplete="off" {...form.field("phone")} />
          </div>
          <div className="flex flex-wrap gap-2 pt-2">
            <Submit form={form}>{t("users.create")}</Submit>
            <LinkButton look="secondary" to="/users">
              {t("common.cancel")}
            </LinkButton>
          </div>
        </form>
      </Card>
    </Page>
  );
}
