import { useMutation, useQuery } from "@tanstack/react-query";
import { MailWarning, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import { signInOptions, verifyEmail } from "@/api/generated/auth";
import { Button } from "@/components/button";
import { useErrorText } from "@/components/states";
import { useWait } from "@/lib/clock";

import { useSession, useUser } from "./session";

/** Whether this installation can send mail at all. */
function useMail(wanted: boolean) {
  return useQuery({
    queryKey: ["sign-in-options"],
    queryFn: ({ signal }) => signInOptions({ signal }),
    staleTime: Infinity,
    select: ({ mail }) => mail,
    enabled: wanted,
  });
}

/** Asks for another mail with a link, and says what came of it. */
export function SendVerification() {
  const { t } = useTranslation();
  const { noteVerified } = useSession();
  const errorText = useErrorText();
  const [wait, startWait] = useWait();
  const send = useMutation({
    mutationFn: () => verifyEmail({ body: {} }),
    onSuccess: ({ email_verified }) => {
      if (email_verified) noteVerified();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 429) startWait(error.retryAfter ?? 60);
    },
  });
  return (
    <div className="flex flex-col items-start gap-3">
      {send.isSuccess ? null : (
        <Button look="secondary" disabled={send.isPending || wait > 0} onClick={() => send.mutate()}>
          {wait > 0 ? t("form.wait", { count: wait }) : send.isPending ? t("common.sending") : t("auth.sendAgain")}
        </Button>
      )}
      <p role="status" className="text-sm empty:hidden">
        {send.isSuccess ? send.data.detail : send.isError && <span className="text-bad">{errorText(send.error)}</span>}
      </p>
    </div>
  );
}

/** Where mail can be sent, an address that is not verified is worth a line on every page, until it is put away. */
export function UnverifiedNotice() {
  const { t } = useTranslation();
  const { email, email_verified } = useUser();
  const mail = useMail(!email_verified);
  const [closed, setClosed] = useState(false);
  if (email_verified || closed || mail.data !== true) return null;
  return (
    <aside
      aria-label={t("auth.unverifiedTitle")}
      className="mx-auto mb-5 flex w-full max-w-6xl items-start gap-3 rounded-lg bg-warn-soft px-4 py-3 text-warn"
    >
      <MailWarning aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-col gap-3">
        <p className="text-sm break-words">{t("auth.unverified", { email })}</p>
        <SendVerification />
      </div>
      <button
        type="button"
        aria-label={t("common.dismiss")}
        className="-my-2 -mr-2 grid size-11 shrink-0 place-items-center rounded-lg hover:bg-surface/50"
        onClick={() => setClosed(true)}
      >
        <X aria-hidden="true" className="size-4" />
      </button>
    </aside>
  );
}
