import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";

import { Button, LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { FormError, SelectField, TextField } from "@/components/field";
import { useFieldMessage } from "@/components/field-message";
import { spreadFieldErrors } from "@/components/form";
import { Page } from "@/components/page";
import { useErrorText } from "@/components/states";
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
type Values = z.infer<typeof schema>;
const FIELDS = ["first_name", "last_name", "username", "email", "phone", "role", "password"] as const;

export function NewUserPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const create = useCreateUser();
  const errorText = useErrorText();
  const message = useFieldMessage();
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, setError, formState } = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { role: "client", phone: "" },
  });
  const { errors, isSubmitting } = formState;

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      await create.mutateAsync(values);
      await navigate(`/users?search=${encodeURIComponent(values.username)}`);
    } catch (error) {
      setFailure(spreadFieldErrors(error, FIELDS, setError));
    }
  });

  return (
    <Page title={t("users.newTitle")}>
      <Card className="max-w-2xl p-5 sm:p-6">
        {/* Somebody else's account: the administrator's own password must not be offered. */}
        <form noValidate autoComplete="off" className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
          {failure !== null && <FormError>{errorText(failure)}</FormError>}
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={t("auth.firstName")} error={message(errors.first_name?.message)} {...register("first_name")} />
            <TextField label={t("auth.lastName")} error={message(errors.last_name?.message)} {...register("last_name")} />
            <TextField
              label={t("auth.newUsername")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              error={message(errors.username?.message)}
              {...register("username")}
            />
            <TextField label={t("auth.email")} type="email" autoComplete="off" error={message(errors.email?.message)} {...register("email")} />
            <TextField
              label={t("users.initialPassword")}
              type="password"
              autoComplete="new-password"
              error={message(errors.password?.message)}
              {...register("password")}
            />
            <SelectField label={t("users.role")} error={message(errors.role?.message)} {...register("role")}>
              <option value="client">{t("users.roles.client")}</option>
              <option value="admin">{t("users.roles.admin")}</option>
            </SelectField>
            <TextField optional label={t("auth.phone")} type="tel" autoComplete="off" error={message(errors.phone?.message)} {...register("phone")} />
          </div>
          <div className="flex flex-wrap gap-2 pt-2">
            <Button type="submit" disabled={isSubmitting}>
              {t("users.create")}
            </Button>
            <LinkButton look="secondary" to="/users">
              {t("common.cancel")}
            </LinkButton>
          </div>
        </form>
      </Card>
    </Page>
  );
}
