import { useTranslation } from "react-i18next";

import { TableFrame } from "@/components/list";
import type { Kind } from "@/features/devices/kind";
import { count, day as dayText, kwhNumber, NOTHING } from "@/lib/format";

import { QualitySample, seriesColour } from "./marks";
import type { DayModel } from "./model";

/** The numbers of the chart, each with its hour. */
export function DayTable({ day, kind }: { day: DayModel; kind: Kind }) {
  const { t } = useTranslation();
  const caption = t("day.tableCaption", { day: dayText(day.date), zone: day.zone });
  const colour = seriesColour(kind);
  const forecast = day.slots.some((slot) => slot.forecast !== null);
  const dates = [...new Set(day.slots.map((slot) => slot.date))];
  const days = dates.map((date) => ({ date, slots: day.slots.filter((slot) => slot.date === date) }));
  return (
    <TableFrame label={caption}>
      <table className="w-full text-xs tracking-tight tabular-nums sm:text-sm sm:tracking-normal">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-right text-muted [&>th]:px-0.5 [&>th]:py-2.5 [&>th]:font-medium [&>th:first-child]:pl-2 [&>th:last-child]:pr-2 sm:[&>th]:px-5!">
            <th scope="col" className="text-left">
              {t("day.hour")}
            </th>
            <th scope="col">{t("day.energy")}</th>
            {forecast && (
              <>
                <th scope="col">{t("day.forecastKwh")}</th>
                <th scope="col">{t("day.interval")}</th>
              </>
            )}
            <th scope="col" className="text-left">
              <span className="max-sm:sr-only">{t("day.quality")}</span>
            </th>
            <th scope="col">{t("day.readings")}</th>
          </tr>
        </thead>
        {days.map(({ date, slots }) => (
          <tbody key={date} className="divide-y divide-line border-b border-line last:border-0">
            {date !== day.date && (
              <tr>
                <th scope="rowgroup" colSpan={6} className="bg-sunken px-3 py-2 text-left font-medium sm:px-5">
                  {dayText(date)}
                </th>
              </tr>
            )}
            {slots.map((slot) => (
              <tr key={slot.start} className="text-right whitespace-nowrap [&>*]:px-0.5 [&>*]:py-2 [&>:first-child]:pl-2 [&>:last-child]:pr-2 sm:[&>*]:px-5!">
                <th scope="row" className="text-left font-normal">
                  {slot.label}
                </th>
                <td className="font-medium">{kwhNumber(slot.kwh)}</td>
                {forecast && (
                  <>
                    <td>{kwhNumber(slot.forecast?.kwh)}</td>
                    <td className="text-muted">
                      {slot.forecast
                        ? `${kwhNumber(slot.forecast.lower80)} ${t("common.and")} ${kwhNumber(slot.forecast.upper80)}`
                        : NOTHING}
                    </td>
                  </>
                )}
                <td className="text-left text-muted">
                  <span className="inline-flex items-center gap-2">
                    {slot.quality !== "ahead" && <QualitySample quality={slot.quality} colour={colour} />}
                    {/* On a phone the mark alone, which the legend above explains. */}
                    <span className="max-sm:sr-only">{t(`day.qualities.${slot.quality}`)}</span>
                  </span>
                </td>
                <td className="text-muted">
                  {slot.quality === "ahead"
                    ? NOTHING
                    : t("day.readingsOf", {
                        received: count(slot.readings),
                        expected: slot.expected === null ? NOTHING : count(slot.expected),
                      })}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </TableFrame>
  );
}
