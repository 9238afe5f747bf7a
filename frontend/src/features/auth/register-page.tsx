import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useSearchParams } from "react-router";

import { Button } from "@/components/button";
import { FormError, TextField } from "@/components/field";
import { useFieldMessage } from "@/components/field-message";
import { spreadFieldErrors } from "@/components/form";
import { useErrorText } from "@/components/states";
import { z } from "@/lib/schema";

import { AuthFrame } from "./auth-frame";
import { safeNext } from "./guards";
import { PasswordField } from "./password-field";
import { registerAccount } from "./registration";
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
type Values = z.infer<typeof schema>;
const FIELDS = ["first_name", "last_name", "username", "email", "phone", "password"] as const;

export function RegisterPage() {
  const { t } = useTranslation();
  const { session, signIn } = useSession();
  const [params] = useSearchParams();
  const errorText = useErrorText();
  const message = useFieldMessage();
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, setError, formState } = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { phone: "" },
  });
  const { errors, isSubmitting } = formState;

  const next = safeNext(params.get("next"));
  if (session.state === "signed-in") return <Navigate replace to={next} />;

  const submit = handleSubmit(async (values) => {
    setFailure(null);
    try {
      await registerAccount(values);
      await signIn(values);
    } catch (error) {
      setFailure(spreadFieldErrors(error, FIELDS, setError));
    }
  });

  return (
    <AuthFrame
      title={t("auth.registerTitle")}
      lead={t("auth.registerLead")}
      footer={
        <>
          {t("auth.hasAccount")}{" "}
          <Link className="font-medium text-accent underline underline-offset-2" to={`/sign-in?next=${encodeURIComponent(next)}`}>
            {t("auth.signIn")}
          </Link>
        </>
      }
    >
      <form method="post" noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {failure !== null && <FormError>{errorText(failure)}</FormError>}
        <div className="grid gap-4 min-[26rem]:grid-cols-2">
          <TextField
            label={t("auth.firstName")}
            autoComplete="given-name"
            error={message(errors.first_name?.message)}
            {...register("first_name")}
          />
          <TextField
            label={t("auth.lastName")}
            autoComplete="family-name"
            error={message(errors.last_name?.message)}
            {...register("last_name")}
          />
        </div>
        <TextField
          label={t("auth.newUsername")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={message(errors.username?.message)}
          {...register("username")}
        />
        <TextField
          label={t("auth.email")}
          type="email"
          autoComplete="email"
          error={message(errors.email?.message)}
          {...register("email")}
        />
        <TextField
          optional
          label={t("auth.phone")}
          type="tel"
          autoComplete="tel"
          error={message(errors.phone?.message)}
          {...register("phone")}
        />
        <PasswordField
          label={t("auth.password")}
          autoComplete="new-password"
          error={message(errors.password?.message)}
          {...register("password")}
        />
        <Button type="submit" disabled={isSubmitting}>
          {isSubmitting ? t("auth.registering") : t("auth.register")}
        </Button>
      </form>
    </AuthFrame>
  );
}
