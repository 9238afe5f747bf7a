import { useTranslation } from "react-i18next";

import type { Kind } from "@/features/devices/kind";
import { energy } from "@/lib/format";

import { QualitySample, seriesColour } from "./marks";
import type { DayModel, SlotQuality } from "./model";

const ORDER: readonly SlotQuality[] = ["measured", "running", "partial", "estimated", "late", "reset", "missing"];

/** Only what this day shows: mark and word together. */
export function Legend({ day, kind, limit }: { day: DayModel; kind: Kind; limit: number | null }) {
  const { t } = useTranslation();
  const colour = seriesColour(kind);
  const present = ORDER.filter((quality) => day.slots.some((slot) => slot.quality === quality));
  const forecast = day.slots.some((slot) => slot.forecast !== null);
  const highest = Math.max(0, ...day.slots.map((slot) => Math.max(slot.kwh ?? 0, slot.forecast?.upper80 ?? 0)));
  return (
    <ul aria-label={t("day.legend")} className="flex flex-wrap gap-x-5 gap-y-2 text-sm text-muted">
      {present.map((quality) => (
        <li key={quality} className="flex items-center gap-2">
          <QualitySample quality={quality} colour={colour} />
          <span className="inline-block first-letter:uppercase">{t(`day.qualities.${quality}`)}</span>
        </li>
      ))}
      {forecast && (
        <>
          <li className="flex items-center gap-2">
            <svg aria-hidden="true" width="24" height="14">
              <path d="M0 7H24" stroke="var(--series-forecast)" strokeWidth="2" strokeDasharray="5 4" />
            </svg>
            {t("day.forecast")}
          </li>
          <li className="flex items-center gap-2">
            <svg aria-hidden="true" width="20" height="14">
              <rect width="20" height="14" rx="3" fill="var(--series-forecast)" fillOpacity="0.28" />
            </svg>
            {t("day.band")}
          </li>
        </>
      )}
      {limit !== null && (
        <li className="flex items-center gap-2">
          <svg aria-hidden="true" width="24" height="14">
            <path d="M0 7H24" stroke="var(--bad)" strokeWidth="1.5" strokeDasharray="2 3" />
          </svg>
          {t(limit <= highest * 1.6 ? "day.limit" : "day.limitAbove", { limit: energy(limit) })}
        </li>
      )}
    </ul>
  );
}
