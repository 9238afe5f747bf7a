import { useId, type ComponentProps, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

export const CONTROL =
  "min-h-11 w-full rounded-lg border border-control bg-surface px-3 text-base text-ink sm:min-h-10 sm:text-sm " +
  "aria-invalid:border-bad disabled:opacity-60";

export interface FrameProps {
  label: string;
  error?: string | undefined;
  hint?: string | undefined;
  optional?: boolean;
}

export function Frame({ id, label, error, hint, optional = false, children }: FrameProps & { id: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
        {optional && <span className="font-normal text-muted"> ({t("common.optional")})</span>}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

export function described(id: string, { error, hint }: FrameProps) {
  const ids = [hint === undefined ? null : `${id}-hint`, error === undefined ? null : `${id}-error`].filter(Boolean);
  return { "aria-invalid": error !== undefined, "aria-describedby": ids.length > 0 ? ids.join(" ") : undefined };
}

export function TextField({ label, error, hint, optional, trailing, ...input }: ComponentProps<"input"> & FrameProps & { trailing?: ReactNode }) {
  const id = useId();
  const frame = { label, error, hint, optional };
  return (
    <Frame id={id} {...frame}>
      <div className="relative">
        <input id={id} className={`${CONTROL} ${trailing === undefined ? "" : "pr-12"}`} {...described(id, frame)} {...input} />
        {trailing}
      </div>
    </Frame>
  );
}

export function SelectField({ label, error, hint, optional, children, ...select }: ComponentProps<"select"> & FrameProps) {
  const id = useId();
  const frame = { label, error, hint, optional };
  return (
    <Frame id={id} {...frame}>
      <select id={id} className={CONTROL} {...described(id, frame)} {...select}>
        {children}
      </select>
    </Frame>
  );
}
