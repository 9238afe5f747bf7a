import { BadgeCheck, MailWarning } from "lucide-react";
import { useTranslation } from "react-i18next";

import { useUser } from "@/features/auth/session";
import { SendVerification } from "@/features/auth/verification";

import { Section } from "./section";

export function EmailSection() {
  const { t } = useTranslation();
  const { email, email_verified } = useUser();
  const Icon = email_verified ? BadgeCheck : MailWarning;
  return (
    <Section title={t("auth.email")} lead={t("account.emailLead")}>
      <div className="flex flex-col items-start gap-4">
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
          <span className="font-medium break-all">{email}</span>
          <span className={`inline-flex items-center gap-1.5 ${email_verified ? "text-good" : "text-warn"}`}>
            <Icon aria-hidden="true" className="size-4 shrink-0" />
            {t(email_verified ? "account.verified" : "account.unverified")}
          </span>
        </p>
        {!email_verified && <SendVerification />}
      </div>
    </Section>
  );
}
