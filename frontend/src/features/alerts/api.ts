import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answerAlert, listAlerts, type PatchedAlertAnswerRequest } from "@/api/generated/monitoring";
import { PAGE_SIZE } from "@/components/list";

export const ALERTS_KEY = "alerts";

/** Still going on, and nobody has said that they see to it. */
const UNANSWERED = { state: "open", acknowledged: false } as const;

export function useAlerts({ page, all, size = PAGE_SIZE }: { page: number; all: boolean; size?: number }) {
  return useQuery({
    queryKey: [ALERTS_KEY, { page, all, size }],
    queryFn: ({ signal }) => listAlerts({ query: { page, page_size: size, ...(all ? {} : UNANSWERED) }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 120_000,
  });
}

export function useAnswerAlert(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: PatchedAlertAnswerRequest) => answerAlert({ path: { alert_id: id }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: [ALERTS_KEY] }),
  });
}
