import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { changePassword } from "@/api/generated/auth";
import { getProfile, updateProfile, type PatchedProfileRequest } from "@/api/generated/users";
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
