import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert, CloudOff, FileQuestion, Lock, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/api/errors";
import { age } from "@/lib/format";

import { Button, LinkButton } from "./button";

/** A grey block of the size of what comes. The region around it says "loading" once. */
export function Skeleton({ className = "" }: { className?: string }) {
  return <div aria-hidden="true" className={`animate-pulse rounded-md bg-sunken ${className}`} />;
}

export function Loading({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div role="status">
      <span className="sr-only">{t("app.loading")}</span>
      {children}
    </div>
  );
}

interface NoticeProps {
  icon: LucideIcon;
  title: string;
  text?: ReactNode;
  detail?: ReactNode;
  children?: ReactNode;
  alert?: boolean;
}

/** What stands in a content's place: empty, forbidden, failed. */
export function Notice({ icon: Icon, title, text, detail, children, alert = false }: NoticeProps) {
  return (
    <div role={alert ? "alert" : undefined} className="flex flex-col items-center gap-3 px-6 py-14 text-center">
      <span className="rounded-full bg-sunken p-3 text-muted">
        <Icon aria-hidden="true" className="size-6" />
      </span>
      <p className="text-lg font-semibold text-balance">{title}</p>
      {text !== undefined && <p className="max-w-md text-sm text-pretty text-muted">{text}</p>}
      {detail !== undefined && <p className="font-mono text-xs break-all text-muted">{detail}</p>}
      {children !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

export function Forbidden() {
  const { t } = useTranslation();
  return (
    <Notice icon={Lock} title={t("states.forbiddenTitle")} text={t("states.forbidden")}>
      <LinkButton look="secondary" to="/devices">
        {t("states.toDevices")}
      </LinkButton>
    </Notice>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Notice icon={FileQuestion} title={t("states.notFoundTitle")} text={t("states.notFound")}>
      <LinkButton look="secondary" to="/devices">
        {t("states.toDevices")}
      </LinkButton>
    </Notice>
  );
}

/** What went wrong in words, and the id that finds the request in the logs. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (!(error instanceof ApiError) || error.status === 0) return t("states.offline");
    if (error.status === 429) return t("states.tooMany");
    if (error.detail === null && error.status >= 502 && error.status <= 504) return t("states.notReady", { status: error.status });
    return error.detail ?? t("states.server", { status: error.status });
  };
}

export function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  if (error instanceof ApiError && error.status === 403) return <Forbidden />;
  if (error instanceof ApiError && error.status === 404) return <NotFound />;
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <Notice
      alert
      icon={CircleAlert}
      title={t("states.errorTitle")}
      text={errorText(error)}
      detail={requestId === null ? undefined : t("states.requestId", { id: requestId })}
    >
      <Button onClick={onRetry}>{t("states.retry")}</Button>
    </Notice>
  );
}

/** Old data stays visible, with its age. */
function Stale({ query }: { query: UseQueryResult }) {
  const { t } = useTranslation();
  const requestId = query.error instanceof ApiError ? query.error.requestId : null;
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg bg-warn-soft px-4 py-2 text-sm text-warn">
      <CloudOff aria-hidden="true" className="size-4 shrink-0" />
      <span>{t("states.stale", { age: age(query.dataUpdatedAt, query.errorUpdatedAt) })}</span>
      {requestId !== null && <span className="font-mono text-xs break-all">{t("states.requestId", { id: requestId })}</span>}
      <button type="button" className="min-h-6 font-medium underline underline-offset-2" onClick={() => void query.refetch()}>
        {t("states.retry")}
      </button>
    </div>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}

/** A query's content in whichever state it is: skeleton, failure, stale or there. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Stale query={query} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading>{skeleton}</Loading>;
}
