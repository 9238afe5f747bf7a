import { useTranslation } from "react-i18next";

import { Card, Figure, FigureSkeleton } from "@/components/card";
import { clock, energy, NOTHING, percent } from "@/lib/format";

import type { DayModel, Slot } from "./model";
import { useDayWords } from "./words";

interface Props {
  day: DayModel;
  isToday: boolean;
  next: Slot | null;
  /** The forecast is on its way: its figures have their place already. */
  waiting: boolean;
}

/** The day at a glance. An "about" marks what is expected and not measured. */
export function DayFigures({ day, isToday, next, waiting }: Props) {
  const { t } = useTranslation();
  const words = useDayWords(day.zone);
  const { received, expected } = day.completeness;
  return (
    <Card>
      <dl className="grid grid-cols-2 lg:grid-cols-4 lg:divide-x lg:divide-line">
        <Figure label={t(isToday ? "day.totalSoFar" : "day.total")}>{energy(day.totalKwh)}</Figure>
        <Figure label={t("day.completeness")} note={words.completeness(day)}>
          {expected === 0 ? NOTHING : percent(received / expected)}
        </Figure>
        {day.projectedKwh !== null ? (
          <Figure label={t("day.expectedTitle")} note={t("day.expectedHint")}>
            {`≈ ${energy(day.projectedKwh)}`}
          </Figure>
        ) : (
          day.aheadKwh !== null && (
            <Figure label={t("day.restTitle")} note={t("day.restHint")}>
              {`≈ ${energy(day.aheadKwh)}`}
            </Figure>
          )
        )}
        {next && (
          <Figure label={t("day.nextHour", { from: clock(next.start, day.zone), to: clock(next.end, day.zone) })} note={t("day.oddsShort", words.bounds(next))}>
            {`≈ ${energy(next.forecast?.kwh)}`}
          </Figure>
        )}
        {waiting && (
          <>
            <FigureSkeleton />
            <FigureSkeleton />
          </>
        )}
      </dl>
    </Card>
  );
}
