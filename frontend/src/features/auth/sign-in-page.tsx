import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useSearchParams } from "react-router";

import { ApiError } from "@/api/errors";
import { Button } from "@/components/button";
import { FormError, TextField } from "@/components/field";
import { useFieldMessage } from "@/components/field-message";
import { useErrorText } from "@/components/states";
import { z } from "@/lib/schema";

import { AuthFrame } from "./auth-frame";
import { safeNext } from "./guards";
import { PasswordField } from "./password-field";
import { useSession } from "./session";

const schema = z.object({
  username: z.string().check(z.trim(), z.minLength(1, "form.required")),
  password: z.string().check(z.minLength(1, "form.required")),
});
type Values = z.infer<typeof schema>;

export function SignInPage() {
  const { t } = useTranslation();
  const { session, signIn } = useSession();
  const [params] = useSearchParams();
  const errorText = useErrorText();
  const message = useFieldMessage();
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, formState } = useForm<Values>({ resolver: zodResolver(schema) });
  const { errors, isSubmitting } = formState;

  const next = safeNext(params.get("next"));
  if (session.state === "signed-in") return <Navigate replace to={next} />;

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      await signIn(values);
    } catch (error) {
      setFailure(error);
    }
  });
  const registerLink = params.has("next") ? `/register?next=${encodeURIComponent(next)}` : "/register";

  return (
    <AuthFrame
      title={t("auth.signInTitle")}
      lead={t("auth.signInLead")}
      footer={
        <>
          {t("auth.noAccount")}{" "}
          <Link className="font-medium text-accent underline underline-offset-2" to={registerLink}>
            {t("auth.register")}
          </Link>
        </>
      }
    >
      {/* A real form with real names: that is what password managers look for. */}
      <form method="post" noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {session.state === "expired" && failure === null && (
          <p role="status" className="rounded-lg bg-accent-soft px-4 py-3 text-sm">
            {t("auth.expired")}
          </p>
        )}
        {failure !== null && (
          <FormError>{failure instanceof ApiError && failure.status === 401 ? t("auth.wrong") : errorText(failure)}</FormError>
        )}
        <TextField
          label={t("auth.username")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={message(errors.username?.message)}
          {...register("username")}
        />
        <PasswordField
          label={t("auth.password")}
          autoComplete="current-password"
          error={message(errors.password?.message)}
          {...register("password")}
        />
        <Button type="submit" disabled={isSubmitting}>
          {isSubmitting ? t("auth.signingIn") : t("auth.signIn")}
        </Button>
      </form>
    </AuthFrame>
  );
}
