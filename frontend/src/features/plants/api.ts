import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { createPlant, listPlants, type PlantRequest } from "@/api/generated/devices";
import { allPages, LARGEST_PAGE } from "@/api/pages";

export function usePlants() {
  return useQuery({
    queryKey: ["plants"],
    queryFn: ({ signal }) => allPages((page) => listPlants({ query: { page, page_size: LARGEST_PAGE }, signal })),
  });
}

export function useCreatePlant() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: PlantRequest) => createPlant({ body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["plants"] }),
  });
}
