import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { createUser, getUser, listUsers, type NewUserRequestWritable } from "@/api/generated/auth";
import { PAGE_SIZE } from "@/components/list";

export function useUsers({ page, search, size = PAGE_SIZE }: { page: number; search: string; size?: number }) {
  return useQuery({
    queryKey: ["users", { page, search, size }],
    queryFn: ({ signal }) => listUsers({ query: { page, page_size: size, search: search || undefined }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One user; nobody while the id is null. */
export function useUser(id: string | null) {
  return useQuery({
    queryKey: ["user", id],
    queryFn: ({ signal }) => getUser({ path: { user_id: id ?? "" }, signal }),
    enabled: id !== null,
  });
}

export function useCreateUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewUserRequestWritable) => createUser({ body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
}
