import { useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Logo } from "@/components/logo";

export function AuthFrame({ title, lead, children, footer }: { title: string; lead: string; children: ReactNode; footer: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
  }, [title, t]);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="flex w-full max-w-sm flex-col gap-6">
        <div className="flex flex-col gap-4">
          <Logo className="size-10" />
          <div className="flex flex-col gap-1">
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            <p className="text-sm text-pretty text-muted">{lead}</p>
          </div>
        </div>
        <div className="rounded-xl border border-line bg-surface p-5 sm:p-6">{children}</div>
        <p className="text-center text-sm text-muted">{footer}</p>
      </div>
    </main>
  );
}
