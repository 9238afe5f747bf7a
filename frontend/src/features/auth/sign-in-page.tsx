import { useTranslation } from "react-i18next";
import { Navigate, useSearchParams } from "react-router";

import { TextField } from "@/components/field";
import { FormFailure, Submit, useServiceForm } from "@/components/form";
import { z } from "@/lib/schema";

import { AuthFrame, TextLink } from "./auth-frame";
import { safeNext } from "./guards";
import { PasswordField } from "./password-field";
import { useSession } from "./session";

const schema = z.object({
  username: z.string().check(z.trim(), z.minLength(1, "form.required")),
  password: z.string().check(z.minLength(1, "form.required")),
});

const ENDED = { expired: "auth.expired", "password-reset": "auth.passwordReset", erased: "auth.erased" } as const;

export function SignInPage() {
  const { t } = useTranslation();
  const { session, signIn } = useSession();
  const [params] = useSearchParams();
  const form = useServiceForm({ schema, send: signIn });

  const next = safeNext(params.get("next"));
  if (session.state === "signed-in") return <Navigate replace to={next} />;
  const ended = session.state in ENDED ? ENDED[session.state as keyof typeof ENDED] : null;

  return (
    <AuthFrame
      title={t("auth.signInTitle")}
      lead={t("auth.signInLead")}
      footer={
        <>
          {t("auth.noAccount")}{" "}
          <TextLink to={params.has("next") ? `/register?next=${encodeURIComponent(next)}` : "/register"}>{t("auth.register")}</TextLink>
        </>
      }
    >
      {/* A real form with real names: that is what password managers look for. */}
      <form method="post" noValidate className="flex flex-col gap-4" onSubmit={form.submit}>
        {ended !== null && form.failure === null && (
          <p role="status" className="rounded-lg bg-accent-soft px-4 py-3 text-sm">
            {t(ended)}
          </p>
        )}
        <FormFailure form={form} text={form.failure?.status === 401 ? t("auth.wrong") : undefined} />
        <TextField
          label={t("auth.username")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...form.field("username")}
        />
        <PasswordField label={t("auth.password")} autoComplete="current-password" {...form.field("password")} />
        <p className="-mt-1 text-right text-sm">
          <TextLink to="/forgot-password">{t("auth.forgot")}</TextLink>
        </p>
        <Submit form={form} busy={t("auth.signingIn")}>
          {t("auth.signIn")}
        </Submit>
      </form>
    </AuthFrame>
  );
}
