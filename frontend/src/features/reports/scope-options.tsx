import { useTranslation } from "react-i18next";

import { useMonitoredDevices } from "@/features/devices/api";
import { usePlants } from "@/features/plants/api";

export const FORMATS = ["pdf", "xlsx", "csv"] as const;

/** What a report may be about, as options of a select. */
export function ScopeOptions() {
  const { t } = useTranslation();
  const plants = usePlants().data ?? [];
  const devices = useMonitoredDevices().data ?? [];
  return (
    <>
      <option value="all">{t("reports.all")}</option>
      {plants.length > 0 && (
        <optgroup label={t("reports.plants")}>
          {plants.map(({ id, name }) => (
            <option key={id} value={`plant_${id}`}>
              {name}
            </option>
          ))}
        </optgroup>
      )}
      {devices.length > 0 && (
        <optgroup label={t("reports.devices")}>
          {devices.map(({ id, name }) => (
            <option key={id} value={`device_${id}`}>
              {name}
            </option>
          ))}
        </optgroup>
      )}
    </>
  );
}

export function FormatOptions() {
  const { t } = useTranslation();
  return FORMATS.map((format) => (
    <option key={format} value={format}>
      {t(`reports.formats.${format}`)}
    </option>
  ));
}
