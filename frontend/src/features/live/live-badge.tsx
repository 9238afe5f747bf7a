import { useTranslation } from "react-i18next";

import { useLiveState } from "./live-updates";

const DOTS = { on: "bg-good", connecting: "bg-control", off: "bg-warn" } as const;

export function LiveBadge() {
  const { t } = useTranslation();
  const state = useLiveState();
  return (
    <span className="inline-flex items-center gap-2 text-sm text-muted">
      <span aria-hidden="true" className={`size-2 rounded-full ${DOTS[state]}`} />
      {t(`live.${state}`)}
    </span>
  );
}
