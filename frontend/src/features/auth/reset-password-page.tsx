import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";

import { ApiError } from "@/api/errors";
import { resetPassword } from "@/api/generated/auth";
import { LinkButton } from "@/components/button";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { z } from "@/lib/schema";

import { AuthFrame, TextLink } from "./auth-frame";
import { PasswordField } from "./password-field";
import { useSession } from "./session";

const schema = z.object({ new_password: z.string().check(z.minLength(8, "form.passwordLength")) });

/** The link of the mail leads here. A link that is no longer good leads on to another one. */
export function ResetPasswordPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { forget } = useSession();
  const [params] = useSearchParams();
  const token = params.get("token") ?? "";
  const form = useServiceForm({
    schema,
    send: async (values) => {
      try {
        await resetPassword({ body: { ...values, token } });
      } catch (error) {
        // The token is no field of this form: what is wrong with it concerns the whole.
        if (error instanceof ApiError && error.fields.token) throw new ApiError(410, error.fields.token.join(" "), {}, error.requestId);
        throw error;
      }
      forget("password-reset");
      await navigate("/sign-in", { replace: true });
    },
  });
  const spent = token === "" || form.failure?.status === 410;
  return (
    <AuthFrame
      title={t("auth.resetTitle")}
      lead={spent ? t("auth.linkSpentLead") : t("auth.resetLead")}
      footer={<TextLink to="/sign-in">{t("auth.backToSignIn")}</TextLink>}
    >
      {spent ? (
        <div role="alert" className="flex flex-col items-start gap-4 text-sm">
          <p>{form.failure?.detail ?? t("auth.linkIncomplete")}</p>
          <LinkButton to="/forgot-password">{t("auth.anotherLink")}</LinkButton>
        </div>
      ) : (
        <form method="post" noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
          <FormFailure form={form} />
          <PasswordField
            label={t("auth.newPassword")}
            autoComplete="new-password"
            hint={t("auth.passwordHint")}
            {...form.field("new_password")}
          />
          <Submit form={form} busy={t("common.saving")}>
            {t("auth.setPassword")}
          </Submit>
        </form>
      )}
    </AuthFrame>
  );
}
