import { CalendarX } from "lucide-react";
import { lazy, Suspense, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { LinkButton } from "@/components/button";
import { Card } from "@/components/card";
import { Loading, Notice, Skeleton } from "@/components/states";
import type { Kind } from "@/features/devices/kind";
import { count, day as dayText } from "@/lib/format";
import { offsetText, type LocalDate } from "@/lib/zone";

import { DayFigures } from "./day-figures";
import { DayTable } from "./day-table";
import { Legend } from "./legend";
import { nextExpected, type DayModel } from "./model";
import { useDayWords } from "./words";

const DayChart = lazy(() => import("./day-chart"));

interface HoursProps {
  day: DayModel;
  kind: Kind;
  limit: number | null;
  now: number;
  /** null: nothing ever came in */
  newest: LocalDate | null;
}

interface Props extends HoursProps {
  today: LocalDate;
  forecastPending: boolean;
}

/** One day of one device: figures, chart, sentence and table, all from the same slots. */
export function DayView({ today, forecastPending, ...hours }: Props) {
  const { day, now } = hours;
  return (
    <>
      <DayFigures day={day} isToday={day.date === today} next={nextExpected(day, now)} waiting={forecastPending && day.date >= today} />
      <DayGraph {...hours} />
      <DayNumbers {...hours} />
    </>
  );
}

const isEmpty = (day: DayModel) => day.slots.every((hour) => hour.kwh === null && hour.forecast === null);

/** The hours of one day as a chart, and the one under the cursor, or the next that comes, as a sentence. */
export function DayGraph({ day, kind, limit, now, newest }: HoursProps) {
  const { t } = useTranslation();
  const words = useDayWords(day.zone);
  const help = useId();
  // The hour under the cursor, by its start: new hours arriving must not move it to another.
  const [chosen, setChosen] = useState<number | null>(null);
  const found = day.slots.findIndex((slot) => slot.start === chosen);
  const cursor = found === -1 ? null : found;
  const slot = cursor === null ? undefined : day.slots[cursor];

  const next = nextExpected(day, now);

  return (
    <Card aria-labelledby={`${help}-title`} className="flex flex-col gap-4 p-4 sm:p-5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 id={`${help}-title`} className="text-lg font-semibold">
          {dayText(day.date)}
        </h2>
        <p className="text-sm text-muted">
          {day.lengthHours === 24
            ? t("day.zone", { zone: day.zone, offset: offsetText(day.slots[0]?.start ?? now, day.zone) })
            : t("day.zoneChange", { zone: day.zone, hours: count(day.lengthHours) })}
          {" · "}
          {t("day.resolution")}
        </p>
      </div>
      {isEmpty(day) ? (
        <Notice
          icon={CalendarX}
          title={t("day.emptyTitle")}
          text={t(newest === null ? "day.emptyNever" : "day.empty")}
        >
          {newest !== null && newest !== day.date && (
            <LinkButton to={{ search: `?date=${newest}` }}>{t("day.goNewest")}</LinkButton>
          )}
        </Notice>
      ) : (
        <>
          <p role="status" aria-live="polite" className="min-h-10 text-sm tabular-nums sm:min-h-5">
            {slot ? words.readout(slot) : next ? words.sentence(next) : t("day.hint")}
          </p>
          <div className="flex flex-col gap-1">
            <p className="text-xs text-muted">{t("day.axis")}</p>
            <Suspense
              fallback={
                <Loading>
                  <Skeleton className="h-72 w-full sm:h-80" />
                </Loading>
              }
            >
              <DayChart
                day={day}
                kind={kind}
                limit={limit}
                cursor={cursor}
                onCursor={(index) => setChosen(index === null ? null : (day.slots[index]?.start ?? null))}
                describedBy={help}
              />
            </Suspense>
            <p id={help} className="sr-only">
              {t("day.chartHelp")}
            </p>
          </div>
          <Legend day={day} kind={kind} limit={limit} />
          {next && <p className="text-sm text-muted">{t("day.bandNote")}</p>}
        </>
      )}
    </Card>
  );
}

/** The hours of one day as a table. */
export function DayNumbers({ day, kind }: Pick<HoursProps, "day" | "kind">) {
  const { t } = useTranslation();
  const title = useId();
  if (isEmpty(day)) return null;
  return (
    <Card aria-labelledby={title}>
      <h2 id={title} className="border-b border-line px-3 py-3.5 font-semibold sm:px-5">
        {t("day.tableTitle")}
      </h2>
      <DayTable day={day} kind={kind} />
    </Card>
  );
}
