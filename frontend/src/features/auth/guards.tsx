import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";

import { Button } from "@/components/button";
import { Forbidden, Loading, Notice } from "@/components/states";

import { useSession, useUser } from "./session";

/** Where to go after sign-in: a path of this dashboard, or its first page. Never another site. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/";
}

export function RequireSession() {
  const { t } = useTranslation();
  const { session, restore } = useSession();
  const { pathname, search } = useLocation();
  switch (session.state) {
    case "signed-in":
      return <Outlet />;
    case "restoring":
      return (
        <Loading>
          <div className="min-h-dvh" />
        </Loading>
      );
    case "unreachable":
      return (
        <main className="grid min-h-dvh place-items-center">
          <Notice alert icon={CloudOff} title={t("auth.unreachableTitle")} text={t("auth.unreachable")}>
            <Button onClick={() => void restore()}>{t("states.retry")}</Button>
          </Notice>
        </main>
      );
    default: {
      const here = pathname + search;
      return <Navigate replace to={here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`} />;
    }
  }
}

export function RequireAdmin() {
  return useUser().role === "admin" ? <Outlet /> : <Forbidden />;
}
