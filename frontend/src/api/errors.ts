/** An answer that is not 2xx, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string | null = null,
    /** Field name -> messages, as the service words them. */
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
    /** What finds this request in the services' logs. */
    readonly requestId: string | null = null,
    /** Seconds after which the same request may be answered (`Retry-After`). */
    readonly retryAfter: number | null = null,
  ) {
    super(detail ?? `HTTP ${status}`);
    this.name = "ApiError";
  }
}

export async function errorFrom(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("X-Request-ID");
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = seconds >= 0 ? seconds : null;
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A gateway's own error page is not JSON: the status has to do.
  }
  if (typeof body !== "object" || body === null) return new ApiError(response.status, null, {}, requestId, retryAfter);
  const { detail, reason, ...rest } = body as Record<string, unknown>;
  const fields: Record<string, string[]> = {};
  // `reason`: what another service said about its fields when it refused its part of a change.
  for (const [name, messages] of Object.entries({ ...rest, ...(typeof reason === "object" ? reason : {}) })) {
    const texts = (Array.isArray(messages) ? messages : [messages]).filter((text) => typeof text === "string");
    if (texts.length > 0) fields[name] = texts;
  }
  const general = fields.non_field_errors?.join(" ") ?? null;
  return new ApiError(response.status, typeof detail === "string" ? detail : general, fields, requestId, retryAfter);
}

/** Whether the same request may succeed when it is sent again unchanged. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}
