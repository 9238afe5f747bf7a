import { useTranslation } from "react-i18next";

import { Card } from "@/components/card";
import { Page } from "@/components/page";
import { Loaded, Skeleton } from "@/components/states";
import { useUser } from "@/features/auth/session";

import { useProfile } from "./api";
import { AppearanceSection } from "./appearance-section";
import { DataSection } from "./data-section";
import { EmailSection } from "./email-section";
import { EraseSection } from "./erase-section";
import { PasswordSection } from "./password-section";
import { ProfileSection } from "./profile-section";
import { SessionSection } from "./session-section";

export function AccountPage() {
  const { t } = useTranslation();
  const { username, role } = useUser();
  const profile = useProfile();
  return (
    <Page title={t("account.title")} lead={t("account.lead", { name: username, role: t(`users.roles.${role}`) })}>
      <Loaded query={profile} skeleton={<FormSkeleton fields={4} />}>
        {(data) => <ProfileSection profile={data} />}
      </Loaded>
      <EmailSection />
      <PasswordSection />
      <AppearanceSection />
      <SessionSection />
      <DataSection />
      <EraseSection />
    </Page>
  );
}

function FormSkeleton({ fields }: { fields: number }) {
  return (
    <Card className="grid gap-x-10 gap-y-5 p-5 sm:p-6 xl:grid-cols-[18rem_1fr]">
      <Skeleton className="h-6 w-32" />
      <div className="flex max-w-xl flex-col gap-4">
        {Array.from({ length: fields }, (_, field) => (
          <Skeleton key={field} className="h-16 w-full" />
        ))}
      </div>
    </Card>
  );
}
