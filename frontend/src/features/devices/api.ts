import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import {
  createDevice,
  getDevice,
  listDevices,
  updateDevice,
  type Device,
  type DeviceRequest,
  type PaginatedDeviceList,
} from "@/api/generated/devices";
import { listMonitoredDevices, type MonitoredDevice } from "@/api/generated/monitoring";
import { allPages, LARGEST_PAGE } from "@/api/pages";
import { PAGE_SIZE } from "@/components/list";

export const MONITORED_KEY = ["monitored-devices"] as const;

export function useDevices({ page, search, size = PAGE_SIZE }: { page: number; search: string; size?: number }) {
  return useQuery({
    queryKey: ["devices", { page, search, size }],
    queryFn: ({ signal }) => listDevices({ query: { page, page_size: size, search: search || undefined }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function useDevice(id: string) {
  const queries = useQueryClient();
  return useQuery<Device>({
    queryKey: ["device", id],
    queryFn: ({ signal }) => getDevice({ path: { id }, signal }),
    // Coming from the list, the page need not wait for what the list said already.
    placeholderData: () =>
      queries
        .getQueriesData<PaginatedDeviceList>({ queryKey: ["devices"] })
        .flatMap(([, list]) => list?.results ?? [])
        .find((device) => device.id === id),
  });
}

/** Last reading and status of every device that the caller may see. Live updates keep it fresh (features/live). */
export function useMonitoredDevices() {
  return useQuery({
    queryKey: MONITORED_KEY,
    queryFn: ({ signal }) => allPages((page) => listMonitoredDevices({ query: { page, page_size: LARGEST_PAGE }, signal })),
    refetchInterval: 60_000,
  });
}

export function monitoredById(devices: readonly MonitoredDevice[] | undefined): ReadonlyMap<string, MonitoredDevice> {
  return new Map(devices?.map((device) => [device.id, device]));
}

export function useSaveDevice(id: string | null) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: DeviceRequest) => (id === null ? createDevice({ body }) : updateDevice({ path: { id }, body })),
    onSuccess: async (device) => {
      queries.setQueryData(["device", device.id], device);
      await queries.invalidateQueries({ queryKey: ["devices"] });
    },
  });
}
