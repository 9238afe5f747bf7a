import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { assignDevice, listUserDevices, unassignDevice } from "@/api/generated/devices";
import { allPages, LARGEST_PAGE } from "@/api/pages";

const key = (userId: string) => ["assignments", userId] as const;

/** Ids of the devices that a person may see. */
export function useAssigned(userId: string) {
  return useQuery({
    queryKey: key(userId),
    queryFn: async ({ signal }) => {
      const devices = await allPages((page) =>
        listUserDevices({ path: { user_id: userId }, query: { page, page_size: LARGEST_PAGE }, signal }),
      );
      return devices.map((device) => device.id);
    },
  });
}

export function useSetAssigned(userId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ deviceId, assigned }: { deviceId: string; assigned: boolean }) => {
      if (assigned) await assignDevice({ body: { device_id: deviceId, user_id: userId } });
      else await unassignDevice({ path: { device_id: deviceId }, query: { user_id: userId } });
    },
    onSuccess: (_, { deviceId, assigned }) => {
      queries.setQueryData<string[]>(key(userId), (ids) =>
        assigned ? [...new Set([...(ids ?? []), deviceId])] : ids?.filter((id) => id !== deviceId),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: key(userId) }),
  });
}
