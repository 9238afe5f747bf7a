import { LogOut } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/button";
import { useSession } from "@/features/auth/session";

import { Section } from "./section";

export function SessionSection() {
  const { t } = useTranslation();
  const { signOut } = useSession();
  return (
    <Section title={t("account.session")} lead={t("account.sessionLead")}>
      <Button look="secondary" onClick={() => void signOut()}>
        <LogOut aria-hidden="true" className="size-4" />
        {t("account.signOutHere")}
      </Button>
    </Section>
  );
}
