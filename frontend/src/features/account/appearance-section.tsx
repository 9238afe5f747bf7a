import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";

import { setTheme, THEMES, useTheme } from "@/lib/theme";

import { Section } from "./section";

const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

export function AppearanceSection() {
  const { t } = useTranslation();
  const theme = useTheme();
  return (
    <Section title={t("account.appearance")} lead={t("account.appearanceLead")}>
      <fieldset>
        <legend className="sr-only">{t("app.theme")}</legend>
        <div className="grid gap-2 min-[26rem]:grid-cols-3">
          {THEMES.map((name) => {
            const Icon = ICONS[name];
            return (
              <label
                key={name}
                className="flex min-h-11 cursor-pointer items-center gap-3 rounded-lg border border-control/50 px-4 text-sm font-medium hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              >
                <input type="radio" name="theme" className="sr-only" checked={theme === name} onChange={() => setTheme(name)} />
                <Icon aria-hidden="true" className="size-4 shrink-0" />
                {t(`app.themes.${name}`)}
              </label>
            );
          })}
        </div>
      </fieldset>
    </Section>
  );
}
