import { beforeEach, describe, expect, it, vi } from "vitest";

import { json, serve } from "@/testing/services";

import { ApiError } from "./errors";
import { authFetch, setAccessToken, setExpiredHandler } from "./http";

const DEVICES = new URL("/api/devices", window.location.origin);
const guarded = (request: Request) =>
  request.headers.get("Authorization") === "Bearer fresh" ? json({ ok: true }) : json({ detail: "The token has expired." }, 401);

describe("an access token that has run out", () => {
  const expired = vi.fn();
  beforeEach(() => {
    expired.mockReset();
    setExpiredHandler(expired);
    setAccessToken("old");
  });

  it("is renewed once, and the request sent again with its body", async () => {
    const bodies: string[] = [];
    serve({
      "POST /api/auth/refresh": () => json({ access: "fresh" }),
      "POST /api/devices": async (request) => {
        bodies.push(await request.text());
        return guarded(request);
      },
    });
    const response = await authFetch(DEVICES, { method: "POST", body: '{"name": "Heat pump"}' });
    expect(await response.json()).toEqual({ ok: true });
    expect(bodies).toEqual(['{"name": "Heat pump"}', '{"name": "Heat pump"}']);
    expect(expired).not.toHaveBeenCalled();
  });

  it("is renewed once for all requests under way, because a refresh token works once", async () => {
    const requests = serve({ "POST /api/auth/refresh": () => json({ access: "fresh" }), "GET /api/devices": guarded });
    await Promise.all([authFetch(DEVICES), authFetch(DEVICES), authFetch(DEVICES)]);
    expect(requests.filter((request) => request.url.endsWith("/refresh"))).toHaveLength(1);
  });

  it("ends the session when the refresh is refused", async () => {
    serve({ "POST /api/auth/refresh": () => json({ detail: "No." }, 401), "GET /api/devices": guarded });
    await expect(authFetch(DEVICES)).rejects.toMatchObject({ status: 401 });
    expect(expired).toHaveBeenCalledOnce();
  });

  it("does not end the session when nobody can tell", async () => {
    serve({ "POST /api/auth/refresh": () => json({ detail: "Later." }, 503), "GET /api/devices": guarded });
    await expect(authFetch(DEVICES)).rejects.toMatchObject({ status: 503 });
    expect(expired).not.toHaveBeenCalled();
  });
});

describe("an error", () => {
  it("keeps its words, its fields and the id that finds it in the logs", async () => {
    serve({
      "GET /api/devices": () => json({ name: ["Too long."], detail: "No." }, 400, { "X-Request-ID": "abc-1" }),
    });
    const error = await authFetch(DEVICES).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, detail: "No.", fields: { name: ["Too long."] }, requestId: "abc-1" });
  });

  it("without an answer has status 0", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(authFetch(DEVICES)).rejects.toMatchObject({ status: 0 });
  });
});
