/**
 * The way every request takes: the access token lives in memory only, the refresh token in a cookie that scripts cannot read.
 * A 401 is answered by one refresh and one retry; when the refresh is refused too, the session is over.
 */
import { ApiError, errorFrom } from "./errors";
import type { Session } from "./generated/auth";

let accessToken: string | null = null;
let refreshing: Promise<Session | null> | null = null;
let onExpired: () => void = () => undefined;

export function setAccessToken(token: string | null): void {
  accessToken = token;
}

/** Called when a signed-in session turns out to be over. */
export function setExpiredHandler(handler: () => void): void {
  onExpired = handler;
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0);
  }
}

async function requestRefresh(): Promise<Session | null> {
  const response = await send(
    new Request(new URL("/api/auth/refresh", window.location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "{}",
    }),
  );
  if (response.ok) return (await response.json()) as Session;
  // 400: there was no cookie to refresh from.
  if (response.status === 401 || response.status === 400) return null;
  throw await errorFrom(response);
}

/**
 * A refresh token works once, and using it twice ends the session: requests of this tab share one refresh, and tabs take
 * turns where the browser can arrange it (on https and localhost).
 */
async function inTurn<T>(task: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return task();
  let result: T | undefined;
  await navigator.locks.request("ems.refresh", async () => {
    result = await task();
  });
  return result as T;
}

/** The session with a new access token, or null when there is none to continue. Throws ApiError when nobody could tell. */
export function refreshSession(): Promise<Session | null> {
  refreshing ??= inTurn(requestRefresh)
    .then((session) => {
      accessToken = session?.access ?? null;
      return session;
    })
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

function withToken(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** `fetch` with the caller's token; resolves with 2xx answers only and throws ApiError for all others. */
export async function authFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const again = request.clone();
  const used = accessToken;
  let response = await send(withToken(request, used));
  if (response.status === 401 && used !== null) {
    // Another request may have refreshed while this one was under way.
    const token = accessToken !== used && accessToken !== null ? accessToken : ((await refreshSession())?.access ?? null);
    if (token === null) {
      onExpired();
    } else {
      response = await send(withToken(again, token));
    }
  }
  if (!response.ok) throw await errorFrom(response);
  return response;
}
