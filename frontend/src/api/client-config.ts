import { authFetch } from "./http";

/** Every generated client goes through `authFetch`, on the origin that the dashboard came from. */
export function createClientConfig<T extends object>(config?: T) {
  return { ...(config as T), baseUrl: window.location.origin, fetch: authFetch };
}
