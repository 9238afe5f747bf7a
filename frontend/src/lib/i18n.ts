import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import en from "@/locales/en.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

void i18next.use(initReactI18next).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false }, // React escapes
});

/** Numbers and dates of English pages are written the international way: 24 hours, day before month. */
export function formatLocale(): string {
  const language = i18next.resolvedLanguage ?? "en";
  return language === "en" ? "en-GB" : language;
}

export default i18next;
