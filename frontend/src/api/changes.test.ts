import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { json, serve } from "@/testing/services";

import { untilDone } from "./changes";

const STATUS = "/api/auth/users/changes/1";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Answers the status address with each of these in turn; the outcome, however long it takes. */
async function outcome(...answers: (() => Response)[]) {
  const requests = serve({ [`GET ${STATUS}`]: () => answers.shift()?.() ?? json({ detail: "asked too often" }, 500) });
  const result = untilDone({ status_url: STATUS }).then(
    (value) => ({ value, asked: requests.length }),
    (error: unknown) => ({ error, asked: requests.length }),
  );
  await vi.runAllTimersAsync();
  return result;
}
const running = () => json({ status_url: STATUS }, 202);

it("is the answer itself when nothing is left to wait for", async () => {
  expect(await untilDone({ id: "1" })).toEqual({ id: "1" });
  expect(await untilDone(null)).toBeNull();
});

it("asks until the change is done", async () => {
  expect(await outcome(running, running, () => json({ id: "1" }, 201))).toEqual({ value: { id: "1" }, asked: 3 });
  expect(await outcome(running, () => json(null, 204))).toEqual({ value: null, asked: 2 });
});

it("goes on asking when nobody can tell for a moment, but not for ever", async () => {
  const later = () => json({ detail: "Later." }, 503);
  expect(await outcome(later, later, () => json({ id: "1" }))).toEqual({ value: { id: "1" }, asked: 3 });
  expect(await outcome(...Array.from({ length: 20 }, () => later))).toMatchObject({ error: { status: 503 }, asked: 10 });
});

it("says what the change was refused with, and by which field", async () => {
  const refused = () => json({ detail: "A service refused.", reason: { phone: ["Not a phone number."] } }, 422);
  expect(await outcome(running, refused)).toMatchObject({
    error: { status: 422, detail: "A service refused.", fields: { phone: ["Not a phone number."] } },
  });
});

it("asks nobody but this dashboard's own services", async () => {
  const requests = serve({});
  const result = expect(untilDone({ status_url: "https://elsewhere.example/1" })).rejects.toMatchObject({ status: 502 });
  await vi.runAllTimersAsync();
  await result;
  expect(requests).toHaveLength(0);
});
