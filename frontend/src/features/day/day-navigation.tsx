import { ChevronLeft, ChevronRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";

import { LinkButton } from "@/components/button";
import { isLocalDate, shiftDate, type LocalDate } from "@/lib/zone";

interface Props {
  date: LocalDate;
  today: LocalDate;
  /** The last day there can be anything to see of. */
  last: LocalDate;
  onApproach: (date: LocalDate) => void;
}

const STEP = "grid size-11 place-items-center rounded-lg border border-control/50 bg-surface text-ink sm:size-10";

function Step({ to, label, back, onApproach }: { to: LocalDate | null; label: string; back: boolean; onApproach: Props["onApproach"] }) {
  const Icon = back ? ChevronLeft : ChevronRight;
  const icon = <Icon aria-hidden="true" className="size-5" />;
  if (to === null) {
    return (
      <span role="link" aria-disabled="true" aria-label={label} className={`${STEP} opacity-40`}>
        {icon}
      </span>
    );
  }
  return (
    <Link
      to={{ search: `?date=${to}` }}
      preventScrollReset
      aria-label={label}
      className={`${STEP} hover:bg-sunken`}
      onPointerEnter={() => onApproach(to)}
      onFocus={() => onApproach(to)}
    >
      {icon}
    </Link>
  );
}

/** The day lives in the URL: back, reload and a shared link all show the same one. */
export function DayNavigation({ date, today, last, onApproach }: Props) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Step back to={shiftDate(date, -1)} label={t("day.previous")} onApproach={onApproach} />
      <input
        // Not controlled: while a year is typed it passes through 0002 and 0020.
        key={date}
        type="date"
        aria-label={t("day.pick")}
        defaultValue={date}
        max={last}
        min="2000-01-01"
        className="min-h-11 rounded-lg border border-control/50 bg-surface px-3 text-base tabular-nums sm:min-h-10 sm:text-sm"
        onChange={({ target }) => {
          if (isLocalDate(target.value) && target.validity.valid) void navigate({ search: `?date=${target.value}` }, { preventScrollReset: true });
        }}
      />
      <Step back={false} to={date < last ? shiftDate(date, 1) : null} label={t("day.next")} onApproach={onApproach} />
      {date !== today && (
        <LinkButton look="quiet" preventScrollReset to={{ search: `?date=${today}` }} aria-label={t("day.goToday")}>
          {t("day.today")}
        </LinkButton>
      )}
    </div>
  );
}
