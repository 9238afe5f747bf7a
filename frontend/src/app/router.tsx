import { RotateCcw } from "lucide-react";
import { lazy, Suspense, type ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { createBrowserRouter, Outlet, type RouteObject } from "react-router";

import { Button } from "@/components/button";
import { NotFound, Notice } from "@/components/states";
import { RequireAdmin, RequireSession } from "@/features/auth/guards";
import { signedInBefore } from "@/features/auth/session";

/** A page is its own chunk: the first load carries only what the first page needs. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  const Page = lazy(async (): Promise<{ default: ComponentType }> => ({ default: (await load())[name] }));
  return <Page />;
}

const loadShell = () => import("./shell");

/** A page that breaks, or whose file a newer release has replaced, leaves a way on. */
function Broken() {
  const { t } = useTranslation();
  return (
    <main className="grid min-h-dvh place-items-center">
      <Notice alert icon={RotateCcw} title={t("states.errorTitle")} text={t("app.newVersion")}>
        <Button onClick={() => window.location.reload()}>{t("app.reload")}</Button>
      </Notice>
    </main>
  );
}

export const routes: RouteObject[] = [
  {
    errorElement: <Broken />,
    children: [
      {
        element: (
          <Suspense>
            <Outlet />
          </Suspense>
        ),
        children: [
          { path: "/sign-in", element: page(() => import("@/features/auth/sign-in-page"), "SignInPage") },
          { path: "/forgot-password", element: page(() => import("@/features/auth/forgot-password-page"), "ForgotPasswordPage") },
          { path: "/reset-password", element: page(() => import("@/features/auth/reset-password-page"), "ResetPasswordPage") },
          { path: "/verify-email", element: page(() => import("@/features/auth/verify-email-page"), "VerifyEmailPage") },
          { path: "/register", element: page(() => import("@/features/auth/register-page"), "RegisterPage") },
        ],
      },
      {
        element: <RequireSession />,
        children: [
          {
            element: <Suspense>{page(loadShell, "Shell")}</Suspense>,
            children: [
              { index: true, element: page(() => import("@/features/home/home-page"), "HomePage") },
              { path: "/devices", element: page(() => import("@/features/devices/devices-page"), "DevicesPage") },
              { path: "/devices/:deviceId", element: page(() => import("@/features/day/device-day-page"), "DeviceDayPage") },
              { path: "/alerts", element: page(() => import("@/features/alerts/alerts-page"), "AlertsPage") },
              { path: "/reports", element: page(() => import("@/features/reports/reports-page"), "ReportsPage") },
              { path: "/account", element: page(() => import("@/features/account/account-page"), "AccountPage") },
              {
                element: <RequireAdmin />,
                children: [
                  { path: "/devices/new", element: page(() => import("@/features/devices/device-form-page"), "NewDevicePage") },
                  {
                    path: "/devices/:deviceId/edit",
                    element: page(() => import("@/features/devices/device-form-page"), "EditDevicePage"),
                  },
                  { path: "/users", element: page(() => import("@/features/users/users-page"), "UsersPage") },
                  { path: "/users/new", element: page(() => import("@/features/users/new-user-page"), "NewUserPage") },
                  { path: "/assignments", element: page(() => import("@/features/assignments/assignments-page"), "AssignmentsPage") },
                  { path: "/audit", element: page(() => import("@/features/audit/audit-page"), "AuditPage") },
                  { path: "/plants", element: page(() => import("@/features/plants/plants-page"), "PlantsPage") },
                  { path: "/plants/new", element: page(() => import("@/features/plants/new-plant-page"), "NewPlantPage") },
                ],
              },
              { path: "*", element: <NotFound /> },
            ],
          },
        ],
      },
    ],
  },
];

export function createRouter() {
  // Who comes back needs it as soon as the session is restored. Should it not load, the page that needs it says so.
  if (signedInBefore()) loadShell().catch(() => undefined);
  return createBrowserRouter(routes);
}
