import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useNow } from "@/lib/clock";
import { offsetText } from "@/lib/zone";

import { Combobox } from "./combobox";

/** Browsers go on listing these by their old names; people look for the new ones. */
const RENAMED: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

export const currentName = (zone: string) => RENAMED[zone] ?? zone;

const ZONES: readonly string[] = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map(currentName).sort()])];
const SHOWN = 50;
const plain = (text: string) => text.toLowerCase().replaceAll("_", " ").trim();

interface Props {
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  onChange: (zone: string) => void;
}

/** An IANA time zone: found by any part of its name, shown with its offset of now. */
export function ZoneField({ value, onChange, ...frame }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  const [search, setSearch] = useState("");
  const wanted = plain(search);
  // A zone that this browser does not list is offered all the same: it is what the service has.
  const known = ZONES.includes(value) || value === "" ? ZONES : [value, ...ZONES];
  const found = known.filter((zone) => plain(zone).includes(wanted));
  // Nothing typed: the list begins at the one that is chosen.
  const first = wanted === "" ? Math.max(0, found.indexOf(value)) : 0;
  return (
    <Combobox
      {...frame}
      chosen={value}
      placeholder={t("combobox.zone")}
      options={found.slice(first, first + SHOWN).map((zone) => ({ value: zone, label: zone, note: offsetText(now, zone) }))}
      onSearch={setSearch}
      onChoose={(option) => onChange(option.value)}
    />
  );
}
