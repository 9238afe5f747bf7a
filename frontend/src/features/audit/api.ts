import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { listAudit, type ActionEnum } from "@/api/generated/auth";
import { PAGE_SIZE } from "@/components/list";

export interface AuditQuestion {
  page: number;
  actor: string | null;
  user: string | null;
  action: ActionEnum | null;
}

export function useAudit({ page, actor, user, action }: AuditQuestion) {
  return useQuery({
    queryKey: ["audit", { page, actor, user, action }],
    queryFn: ({ signal }) =>
      listAudit({
        query: {
          page,
          page_size: PAGE_SIZE,
          actor: actor ?? undefined,
          user: user ?? undefined,
          action: action === null ? undefined : [action],
        },
        signal,
      }),
    placeholderData: keepPreviousData,
    // Who opens it looks for what has just happened.
    staleTime: 0,
  });
}
