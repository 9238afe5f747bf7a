import { MailCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { askForPasswordReset } from "@/api/generated/auth";
import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { z } from "@/lib/schema";

import { AuthFrame, TextLink } from "./auth-frame";

const schema = z.object({ email: z.string().check(z.trim(), z.email("form.email")) });

/** The answer is the service's and always the same: whether there is such an account, nobody learns here. */
export function ForgotPasswordPage() {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<string | null>(null);
  const form = useServiceForm({ schema, send: async (body) => setAnswer((await askForPasswordReset({ body })).detail) });
  return (
    <AuthFrame
      title={t("auth.forgotTitle")}
      lead={t("auth.forgotLead")}
      footer={<TextLink to="/sign-in">{t("auth.backToSignIn")}</TextLink>}
    >
      {answer !== null ? (
        <div role="status" className="flex flex-col gap-3 text-sm">
          <MailCheck aria-hidden="true" className="size-6 text-accent" />
          <p>{answer}</p>
        </div>
      ) : (
        <form method="post" noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
          <FormFailure form={form} />
          <TextField label={t("auth.email")} type="email" autoComplete="email" {...form.field("email")} />
          <Submit form={form} busy={t("common.sending")}>
            {t("auth.sendLink")}
          </Submit>
        </form>
      )}
    </AuthFrame>
  );
}
