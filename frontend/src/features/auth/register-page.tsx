import { useTranslation } from "react-i18next";
import { Navigate, useSearchParams } from "react-router";

import { untilDone } from "@/api/changes";
import { register } from "@/api/generated/auth";
import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { z } from "@/lib/schema";

import { AuthFrame, TextLink } from "./auth-frame";
import { safeNext } from "./guards";
import { PasswordField } from "./password-field";
import { useSession } from "./session";

const required = () => z.string().check(z.trim(), z.minLength(1, "form.required"));
const schema = z.object({
  first_name: required(),
  last_name: required(),
  username: required(),
  email: z.string().check(z.trim(), z.email("form.email")),
  phone: z.string().check(z.trim()),
  password: z.string().check(z.minLength(8, "form.passwordLength")),
});

export function RegisterPage() {
  const { t } = useTranslation();
  const { session, signIn } = useSession();
  const [params] = useSearchParams();
  const form = useServiceForm({
    schema,
    defaultValues: { phone: "" },
    send: async (values) => {
      await untilDone(await register({ body: values }));
      await signIn(values);
    },
  });

  const next = safeNext(params.get("next"));
  if (session.state === "signed-in") return <Navigate replace to={next} />;

  return (
    <AuthFrame
      title={t("auth.registerTitle")}
      lead={t("auth.registerLead")}
      footer={
        <>
          {t("auth.hasAccount")} <TextLink to={`/sign-in?next=${encodeURIComponent(next)}`}>{t("auth.signIn")}</TextLink>
        </>
      }
    >
      <form method="post" noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
        <FormFailure form={form} />
        <div className="grid gap-4 min-[26rem]:grid-cols-2">
          <TextField label={t("auth.firstName")} autoComplete="given-name" {...form.field("first_name")} />
          <TextField label={t("auth.lastName")} autoComplete="family-name" {...form.field("last_name")} />
        </div>
        <TextField
          label={t("auth.newUsername")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...form.field("username")}
        />
        <TextField label={t("auth.email")} type="email" autoComplete="email" {...form.field("email")} />
        <TextField optional label={t("auth.phone")} type="tel" autoComplete="tel" {...form.field("phone")} />
        <PasswordField label={t("auth.password")} autoComplete="new-password" hint={t("auth.passwordHint")} {...form.field("password")} />
        <Submit form={form} busy={t("auth.registering")}>
          {t("auth.register")}
        </Submit>
      </form>
    </AuthFrame>
  );
}
