import { Bell, Building2, CircleUser, FileText, House, LogOut, Monitor, Moon, ScrollText, Sun, Users, Waypoints, Zap, type LucideIcon } from "lucide-react";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet } from "react-router";

import { Logo } from "@/components/logo";
import { Loading, Skeleton } from "@/components/states";
import { useSession, useUser } from "@/features/auth/session";
import { UnverifiedNotice } from "@/features/auth/verification";
import { LiveUpdates } from "@/features/live/live-updates";
import { setTheme, THEMES, useTheme } from "@/lib/theme";

interface Entry {
  to: string;
  label: "nav.home" | "nav.devices" | "nav.alerts" | "nav.reports" | "nav.users" | "nav.assignments" | "nav.plants" | "nav.audit";
  icon: LucideIcon;
  admin?: boolean;
}

const NAVIGATION: readonly Entry[] = [
  { to: "/", label: "nav.home", icon: House },
  { to: "/devices", label: "nav.devices", icon: Zap },
  { to: "/alerts", label: "nav.alerts", icon: Bell },
  { to: "/reports", label: "nav.reports", icon: FileText },
  { to: "/users", label: "nav.users", icon: Users, admin: true },
  { to: "/assignments", label: "nav.assignments", icon: Waypoints, admin: true },
  { to: "/plants", label: "nav.plants", icon: Building2, admin: true },
  { to: "/audit", label: "nav.audit", icon: ScrollText, admin: true },
];

/** What stands beside the navigation: account, theme, sign out. */
const TOOL = "flex min-h-11 min-w-11 items-center justify-center gap-2 rounded-lg px-2 text-sm lg:min-h-10 lg:justify-start lg:gap-3 lg:px-3";

function Navigation({ entries }: { entries: readonly Entry[] }) {
  const { t } = useTranslation();
  return (
    <nav
      aria-label={t("app.navigation")}
      className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:static lg:border-0 lg:bg-transparent lg:pb-0"
    >
      <ul className="flex overflow-x-auto lg:flex-col lg:gap-1 lg:overflow-visible">
        {entries.map(({ to, label, icon: Icon }) => (
          <li key={to} className="flex-1 lg:flex-none">
            <NavLink
              to={to}
              end={to === "/"}
              className={({ isActive }) =>
                "flex min-h-14 flex-col items-center justify-center gap-1 px-1 text-xs font-medium lg:min-h-10 lg:flex-row lg:justify-start " +
                "lg:gap-3 lg:rounded-lg lg:px-3 lg:text-sm " +
                (isActive ? "text-accent lg:bg-accent-soft" : "text-muted hover:text-ink lg:hover:bg-sunken")
              }
            >
              <Icon aria-hidden="true" className="size-5 lg:size-4" />
              {t(label)}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ThemeButton() {
  const { t } = useTranslation();
  const theme = useTheme();
  const Icon = { system: Monitor, light: Sun, dark: Moon }[theme];
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      className={`${TOOL} text-muted hover:bg-sunken hover:text-ink`}
      onClick={() => setTheme(next)}
    >
      <Icon aria-hidden="true" className="size-4" />
      <span className="sr-only lg:not-sr-only">
        {t("app.theme")}: {t(`app.themes.${theme}`)}
      </span>
    </button>
  );
}

function SignOutButton() {
  const { t } = useTranslation();
  const { signOut } = useSession();
  return (
    <button
      type="button"
      className={`${TOOL} text-muted hover:bg-sunken hover:text-ink`}
      onClick={() => void signOut()}
    >
      <LogOut aria-hidden="true" className="size-4" />
      <span className="sr-only lg:not-sr-only">{t("app.signOut")}</span>
    </button>
  );
}

/** The frame of every signed-in page: a side bar where there is room, a bar at the thumb where there is not. */
export function Shell() {
  const { t } = useTranslation();
  const user = useUser();
  const entries = NAVIGATION.filter((entry) => !entry.admin || user.role === "admin");
  return (
    <LiveUpdates>
      <a
        href="#main"
        className="sr-only rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-30"
      >
        {t("app.skip")}
      </a>
      <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_1fr]">
        <header className="flex items-center justify-between gap-2 border-b border-line bg-surface px-4 py-2 lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:justify-start lg:gap-6 lg:border-r lg:border-b-0 lg:px-4 lg:py-5">
          <div className="flex items-center gap-3 lg:px-3">
            <Logo />
            <span className="text-lg font-semibold tracking-tight">{t("app.name")}</span>
          </div>
          <Navigation entries={entries} />
          <div className="flex items-center gap-1 lg:mt-auto lg:flex-col lg:items-stretch">
            <NavLink
              to="/account"
              aria-label={t("app.account", { name: user.username })}
              className={({ isActive }) =>
                `${TOOL} ${isActive ? "text-accent lg:bg-accent-soft" : "text-muted hover:bg-sunken hover:text-ink"}`
              }
            >
              <CircleUser aria-hidden="true" className="size-4 shrink-0" />
              <span className="max-w-24 truncate lg:max-w-none">{user.username}</span>
            </NavLink>
            <ThemeButton />
            <SignOutButton />
          </div>
        </header>
        <main id="main" tabIndex={-1} className="min-w-0 px-4 pt-5 pb-24 sm:px-6 lg:px-10 lg:py-8">
          <UnverifiedNotice />
          <Suspense
            fallback={
              <Loading>
                <div className="mx-auto flex max-w-6xl flex-col gap-6">
                  <Skeleton className="h-8 w-48" />
                  <Skeleton className="h-96 w-full" />
                </div>
              </Loading>
            }
          >
            <Outlet />
          </Suspense>
        </main>
      </div>
    </LiveUpdates>
  );
}
