import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import {
  addReportSchedule,
  askForReport,
  changeReportSchedule,
  deleteReport,
  deleteReportSchedule,
  listReports,
  listReportSchedules,
  type PatchedScheduleQuestionRequest,
  type Report,
  type ReportQuestionRequest,
  type ScheduleQuestionRequest,
} from "@/api/generated/monitoring";
import { saveFile } from "@/api/download";
import { allPages, LARGEST_PAGE } from "@/api/pages";
import { PAGE_SIZE } from "@/components/list";

const REPORTS = ["reports"] as const;
const SCHEDULES = ["report-schedules"] as const;

export const isOpen = (report: Pick<Report, "state">) => report.state === "queued" || report.state === "running";

/** One's reports, newest first; asked again soon while one of them is still to be made. */
export function useReports(page: number) {
  return useQuery({
    queryKey: [...REPORTS, page],
    queryFn: ({ signal }) => listReports({ query: { page, page_size: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.results.some(isOpen) ? 1_500 : false),
  });
}

export function useSchedules() {
  return useQuery({
    queryKey: SCHEDULES,
    queryFn: ({ signal }) => allPages((page) => listReportSchedules({ query: { page, page_size: LARGEST_PAGE }, signal })),
  });
}

/** A change of the reports or their schedules, after which they are read anew. */
function useChange<T>(key: readonly string[], change: (what: T) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => queries.invalidateQueries({ queryKey: key }) });
}

export const useAskForReport = () => useChange(REPORTS, (body: ReportQuestionRequest) => askForReport({ body }));
export const useDeleteReport = () => useChange(REPORTS, (id: string) => deleteReport({ path: { report_id: id } }));
export const useAddSchedule = () => useChange(SCHEDULES, (body: ScheduleQuestionRequest) => addReportSchedule({ body }));
export const useDeleteSchedule = () => useChange(SCHEDULES, (id: string) => deleteReportSchedule({ path: { schedule_id: id } }));
export const useChangeSchedule = () =>
  useChange(SCHEDULES, ({ id, ...body }: PatchedScheduleQuestionRequest & { id: string }) =>
    changeReportSchedule({ path: { schedule_id: id }, body }),
  );

export function useDownloadReport() {
  return useMutation({ mutationFn: ({ id, file_name }: Report) => saveFile(`/api/reports/${id}/file`, file_name) });
}
