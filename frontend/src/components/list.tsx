import { Search } from "lucide-react";
import { useEffect, useId, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";

import { count } from "@/lib/format";

import { Button } from "./button";
import { CONTROL } from "./field";

export const PAGE_SIZE = 25;

/** Page and search of a list; both live in the URL, so that back and a shared link work. */
export function useListParams() {
  const [params, setParams] = useSearchParams();
  const page = Math.max(1, Number.parseInt(params.get("page") ?? "1", 10) || 1);
  const search = params.get("search") ?? "";
  return {
    page,
    search,
    setPage: (next: number) =>
      setParams((old) => {
        old.set("page", String(next));
        return old;
      }),
    setSearch: (next: string) =>
      setParams(
        (old) => {
          old.delete("page");
          if (next === "") old.delete("search");
          else old.set("search", next);
          return old;
        },
        { replace: true },
      ),
  };
}

export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const id = useId();
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // The URL changed by another way (back, "clear search").
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = window.setTimeout(() => onChange(text), 250);
    return () => window.clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <div className="relative w-full sm:max-w-xs">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <Search aria-hidden="true" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted" />
      <input
        id={id}
        type="search"
        autoComplete="off"
        placeholder={label}
        className={`${CONTROL} pl-9 placeholder:text-muted`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}

export function Pager({ page, total, onPage, size = PAGE_SIZE }: { page: number; total: number; onPage: (page: number) => void; size?: number }) {
  const { t } = useTranslation();
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return null;
  const from = (page - 1) * size + 1;
  return (
    <nav aria-label={t("common.pages")} className="flex flex-wrap items-center justify-between gap-3 border-t border-line px-4 py-3">
      <p className="text-sm text-muted tabular-nums">
        {t("common.pageOf", { from: count(from), to: count(Math.min(total, page * size)), total: count(total) })}
      </p>
      <div className="flex gap-2">
        <Button look="secondary" disabled={page <= 1} onClick={() => onPage(page - 1)}>
          {t("common.previousPage")}
        </Button>
        <Button look="secondary" disabled={page >= last} onClick={() => onPage(page + 1)}>
          {t("common.nextPage")}
        </Button>
      </div>
    </nav>
  );
}

/** Scrolls sideways on its own when it must, and then by keyboard too. */
export function TableFrame({ label, children }: { label: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- without it a keyboard cannot scroll the table
    <div role="region" aria-label={label} tabIndex={0} className="relative overflow-x-auto">
      {children}
    </div>
  );
}
