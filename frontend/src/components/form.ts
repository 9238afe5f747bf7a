import type { FieldValues, Path, UseFormSetError } from "react-hook-form";

import { ApiError } from "@/api/errors";

/**
 * Puts a service's field errors beside their fields. Answers what is left to say about the form as a whole, or null when
 * every message has found its field.
 */
export function spreadFieldErrors<T extends FieldValues>(
  error: unknown,
  known: readonly Path<T>[],
  setError: UseFormSetError<T>,
): ApiError | null {
  if (!(error instanceof ApiError)) return new ApiError(0);
  const homeless: string[] = error.detail === null ? [] : [error.detail];
  let placed = 0;
  for (const [name, messages] of Object.entries(error.fields)) {
    const path = known.find((candidate) => candidate === name);
    if (path !== undefined) {
      setError(path, { message: messages.join(" ") }, { shouldFocus: placed === 0 });
      placed += 1;
    } else if (name !== "non_field_errors") {
      homeless.push(`${name}: ${messages.join(" ")}`);
    }
  }
  if (placed > 0 && homeless.length === 0) return null;
  return new ApiError(error.status, homeless.join(" ") || null, {}, error.requestId);
}
