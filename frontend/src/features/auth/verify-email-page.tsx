import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { ApiError } from "@/api/errors";
import { verifyEmail } from "@/api/generated/auth";
import { Button, LinkButton } from "@/components/button";
import { Loading, Skeleton, useErrorText } from "@/components/states";

import { AuthFrame, TextLink } from "./auth-frame";
import { useSession } from "./session";
import { SendVerification } from "./verification";

/** The link of the mail leads here and does its work without a click. */
export function VerifyEmailPage() {
  const { t } = useTranslation();
  const { session, noteVerified } = useSession();
  const errorText = useErrorText();
  const [params] = useSearchParams();
  const token = params.get("token") ?? "";
  const verified = useQuery({
    queryKey: ["verify-email", token],
    queryFn: ({ signal }) => verifyEmail({ body: { token }, signal }),
    enabled: token !== "",
    staleTime: Infinity,
  });
  const done = verified.isSuccess;
  useEffect(() => {
    if (done) noteVerified();
  }, [done, noteVerified]);

  const signedIn = session.state === "signed-in";
  const spent = token === "" || (verified.error instanceof ApiError && verified.error.status === 400);
  const words = verified.error instanceof ApiError ? verified.error.fields.token?.join(" ") : undefined;
  return (
    <AuthFrame
      title={t("auth.verifyTitle")}
      lead={t("auth.verifyLead")}
      footer={<TextLink to="/">{signedIn ? t("auth.toDashboard") : t("auth.backToSignIn")}</TextLink>}
    >
      {done ? (
        <div role="status" className="flex flex-col items-start gap-4 text-sm">
          <p className="flex items-center gap-2 font-medium text-good">
            <CircleCheck aria-hidden="true" className="size-5 shrink-0" />
            {t("auth.verified")}
          </p>
          <LinkButton to="/">{signedIn ? t("auth.toDashboard") : t("auth.signIn")}</LinkButton>
        </div>
      ) : spent ? (
        <div className="flex flex-col items-start gap-4 text-sm">
          <p role="alert">{words ?? t("auth.linkIncomplete")}</p>
          {signedIn ? (
            <SendVerification />
          ) : (
            <>
              <p>{t("auth.verifySignIn")}</p>
              <LinkButton to="/sign-in?next=%2Faccount">{t("auth.signIn")}</LinkButton>
            </>
          )}
        </div>
      ) : verified.isError ? (
        <div role="alert" className="flex flex-col items-start gap-4 text-sm">
          <p>{errorText(verified.error)}</p>
          {verified.error instanceof ApiError && verified.error.requestId !== null && (
            <p className="font-mono text-xs break-all text-muted">{t("states.requestId", { id: verified.error.requestId })}</p>
          )}
          <Button onClick={() => void verified.refetch()}>{t("states.retry")}</Button>
        </div>
      ) : (
        <Loading>
          <Skeleton className="h-16 w-full" />
        </Loading>
      )}
    </AuthFrame>
  );
}
