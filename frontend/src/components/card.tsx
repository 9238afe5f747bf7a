import type { ComponentProps, ReactNode } from "react";

import { Skeleton } from "./states";

export function Card({ className = "", ...rest }: ComponentProps<"section">) {
  return <section className={`rounded-xl border border-line bg-surface ${className}`} {...rest} />;
}

/** One number with its name above and what qualifies it below. */
export function Figure({ label, children, note }: { label: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="flex flex-col gap-1 p-4 sm:p-5">
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="flex flex-col gap-1">
        <span className="text-xl font-semibold sm:text-2xl tracking-tight tabular-nums">{children}</span>
        {note !== undefined && <span className="text-sm text-muted tabular-nums">{note}</span>}
      </dd>
    </div>
  );
}

/** Of the size of a figure. */
export function FigureSkeleton() {
  return (
    <div aria-hidden="true" className="flex flex-col gap-1 p-4 sm:p-5">
      <Skeleton className="h-5 w-28" />
      <Skeleton className="h-7 w-20 sm:h-8" />
      <Skeleton className="h-5 w-24" />
    </div>
  );
}
