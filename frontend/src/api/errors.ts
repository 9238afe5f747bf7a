/** An answer that is not 2xx, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string | null = null,
    /** Field name -> messages, as the service words them. */
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
    /** What finds this request in the services' logs. */
    readonly requestId: string | null = null,
  ) {
    super(detail ?? `HTTP ${status}`);
    this.name = "ApiError";
  }
}

export async function errorFrom(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("X-Request-ID");
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A gateway's own error page is not JSON: the status has to do.
  }
  if (typeof body !== "object" || body === null) return new ApiError(response.status, null, {}, requestId);
  const { detail, ...rest } = body as Record<string, unknown>;
  const fields: Record<string, string[]> = {};
  for (const [name, messages] of Object.entries(rest)) {
    const texts = (Array.isArray(messages) ? messages : [messages]).filter((text) => typeof text === "string");
    if (texts.length > 0) fields[name] = texts;
  }
  const general = fields.non_field_errors?.join(" ") ?? null;
  return new ApiError(response.status, typeof detail === "string" ? detail : general, fields, requestId);
}

/** Whether the same request may succeed when it is sent again unchanged. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}
