import { useTranslation } from "react-i18next";

import { clock, count, energy, kwhNumber } from "@/lib/format";

import type { DayModel, Slot } from "./model";

/** How hours are put into sentences: the same words for the readout, the live region and the line above the chart. */
export function useDayWords(zone: string) {
  const { t } = useTranslation();
  const bounds = (slot: Slot) => ({ lower: kwhNumber(slot.forecast?.lower80), upper: energy(slot.forecast?.upper80) });
  const hours = (slot: Slot) => ({ from: clock(slot.start, zone), to: clock(slot.end, zone) });
  return {
    bounds,
    /** "14:00 to 15:00: about 0.52 kWh. 8 times in 10 it comes out between 0.31 and 0.88 kWh." */
    sentence: (slot: Slot) => t("day.sentence", { ...hours(slot), energy: energy(slot.forecast?.kwh), ...bounds(slot) }),
    /** One hour, everything known of it. */
    readout: (slot: Slot) => {
      const quality = t(`day.qualities.${slot.quality}`);
      const measured =
        slot.kwh === null
          ? t("day.read.none", { hour: slot.label, quality })
          : t("day.read.measured", { hour: slot.label, energy: energy(slot.kwh), quality });
      if (!slot.forecast) return measured;
      return `${measured}; ${t("day.read.forecast", { energy: energy(slot.forecast.kwh), ...bounds(slot) })}`;
    },
    completeness: ({ completeness }: DayModel) =>
      completeness.expected === 0
        ? t("day.nothingDue")
        : t(completeness.unit === "readings" ? "day.completeReadings" : "day.completeHours", {
            received: count(completeness.received),
            expected: count(completeness.expected),
          }),
  };
}
