import { CircleCheck } from "lucide-react";
import { useId, type ReactNode } from "react";

import { Card } from "@/components/card";

/** One matter of the account: what it is on one side, what can be done on the other. */
export function Section({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  const id = useId();
  return (
    <Card aria-labelledby={id} className="grid gap-x-10 gap-y-5 p-5 sm:p-6 xl:grid-cols-[18rem_1fr]">
      <div className="flex flex-col gap-1">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        <p className="max-w-prose text-sm text-pretty text-muted">{lead}</p>
      </div>
      <div className="min-w-0 max-w-xl">{children}</div>
    </Card>
  );
}

/** Says that something has been done; read out when it appears. Its place is there before. */
export function Done({ children }: { children: ReactNode }) {
  return (
    <p role="status" className="flex items-center gap-2 text-sm text-good empty:hidden">
      {Boolean(children) && <CircleCheck aria-hidden="true" className="size-4 shrink-0" />}
      {children}
    </p>
  );
}
