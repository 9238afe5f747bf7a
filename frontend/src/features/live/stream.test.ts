import { describe, expect, it } from "vitest";

import { backoff, readEvents, type LiveEvent } from "./stream";

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
}

async function eventsOf(...pieces: string[]): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of readEvents(streamOf(...pieces))) events.push(event);
  return events;
}

describe("a stream of events", () => {
  it("is read however the network cuts it", async () => {
    const text = 'id: 7\nevent: hour\ndata: {"a": 1}\n\n: heartbeat\n\nevent: alert\ndata: one\ndata: two\n\n';
    const expected = [
      { id: "7", type: "hour", data: '{"a": 1}' },
      { id: "7", type: "alert", data: "one\ntwo" },
    ];
    expect(await eventsOf(text)).toEqual(expected);
    expect(await eventsOf(...Array.from(text))).toEqual(expected);
    expect(await eventsOf(...Array.from(text.replaceAll("\n", "\r\n")))).toEqual(expected);
  });

  it("drops an event that the connection cut off", async () => {
    expect(await eventsOf("event: hour\ndata: {}\n")).toEqual([]);
  });
});

it("waits longer after each failure, but never longer than half a minute", () => {
  expect(backoff(0, () => 1)).toBe(1_000);
  expect(backoff(3, () => 1)).toBe(8_000);
  expect(backoff(20, () => 1)).toBe(30_000);
  expect(backoff(3, () => 0)).toBe(4_000);
});
