import { CircleCheck, CircleDashed, CircleX, Clock, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { MonitoredDevice } from "@/api/generated/monitoring";

type Status = MonitoredDevice["status"];

/** Icon, word and colour: never colour alone. */
const LOOKS: Record<Status, { icon: LucideIcon; look: string }> = {
  online: { icon: CircleCheck, look: "bg-good-soft text-good" },
  late: { icon: Clock, look: "bg-warn-soft text-warn" },
  silent: { icon: CircleX, look: "bg-bad-soft text-bad" },
  never: { icon: CircleDashed, look: "bg-sunken text-muted" },
};

export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { icon: Icon, look } = LOOKS[status];
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-1 text-xs font-medium whitespace-nowrap ${look}`}>
      <Icon aria-hidden="true" className="size-3.5" />
      {t(`devices.statuses.${status}`)}
    </span>
  );
}
