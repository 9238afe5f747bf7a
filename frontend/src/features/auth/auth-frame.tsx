import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";

import { Logo } from "@/components/logo";

interface Props {
  title: string;
  lead: string;
  children: ReactNode;
  footer: ReactNode;
}

/** The frame of every page that needs no session. On the way from one to another the heading takes the focus. */
export function AuthFrame({ title, lead, children, footer }: Props) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const { key } = useLocation();
  useEffect(() => {
    document.title = `${title} · ${t("app.name")}`;
    if (key !== "default") heading.current?.focus();
  }, [title, t, key]);
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="flex w-full max-w-sm flex-col gap-6">
        <div className="flex flex-col gap-4">
          <Logo className="size-10" />
          <div className="flex flex-col gap-1">
            <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
              {title}
            </h1>
            <p className="text-sm text-pretty text-muted">{lead}</p>
          </div>
        </div>
        <div className="rounded-xl border border-line bg-surface p-5 sm:p-6">{children}</div>
        <p className="text-center text-sm text-muted">{footer}</p>
      </div>
    </main>
  );
}

export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link className="font-medium text-accent underline underline-offset-2" to={to}>
      {children}
    </Link>
  );
}
