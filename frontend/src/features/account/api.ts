import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { untilDone } from "@/api/changes";
import { saveFile } from "@/api/download";
import { changePassword } from "@/api/generated/auth";
import { getProfile, updateProfile, type PatchedProfileRequest } from "@/api/generated/users";
import { authFetch } from "@/api/http";
import { untilKnown } from "@/api/until-known";
import { useSession, useUser } from "@/features/auth/session";

const key = (id: string) => ["profile", id] as const;

/** The signed-in person's own profile. */
export function useProfile() {
  const { id } = useUser();
  return useQuery({ queryKey: key(id), queryFn: ({ signal }) => getProfile({ path: { id }, signal }), ...untilKnown });
}

export function useSaveProfile() {
  const { id } = useUser();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: PatchedProfileRequest) => updateProfile({ path: { id }, body }),
    onSuccess: (profile) => queries.setQueryData(key(id), profile),
  });
}

/** A new password ends every session, this one too: the person stays signed in here by signing in with the new one. */
export function useChangePassword() {
  const { username } = useUser();
  const { signIn } = useSession();
  return useMutation({
    mutationFn: async ({ old_password, new_password }: { old_password: string; new_password: string }) => {
      await changePassword({ body: { old_password, new_password } });
      await signIn({ username, password: new_password });
    },
  });
}

/** Saves everything that is known of the signed-in person as a file; the name that it got. */
export function useDownloadData() {
  const { id, username } = useUser();
  return useMutation({ mutationFn: () => saveFile(`/api/users/${id}/export`, `${username}.json`) });
}

/** Forgets a person everywhere; resolves when it is done. */
export async function eraseAccount(id: string): Promise<void> {
  const response = await authFetch(new URL(`/api/users/${id}/erase`, window.location.origin), { method: "POST" });
  await untilDone(response.status === 202 ? await response.json() : null);
}
