import { Info, OctagonAlert, TriangleAlert, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { SeverityEnum } from "@/api/generated/monitoring";

/** Icon, word and colour: never colour alone. */
const LOOKS: Record<SeverityEnum, { icon: LucideIcon; look: string }> = {
  high: { icon: OctagonAlert, look: "bg-bad-soft text-bad" },
  medium: { icon: TriangleAlert, look: "bg-warn-soft text-warn" },
  low: { icon: Info, look: "bg-sunken text-muted" },
};

export function SeverityBadge({ severity }: { severity: SeverityEnum }) {
  const { t } = useTranslation();
  const { icon: Icon, look } = LOOKS[severity];
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-1 text-xs font-medium whitespace-nowrap ${look}`}>
      <Icon aria-hidden="true" className="size-3.5" />
      {t(`alerts.severities.${severity}`)}
    </span>
  );
}
