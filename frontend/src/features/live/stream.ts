/** Server-Sent Events by fetch, because EventSource cannot send an Authorization header. */

export interface LiveEvent {
  id: string | null;
  type: string;
  data: string;
}

/** Yields each event of a stream as it completes (WHATWG HTML, section 9.2); comments, the heartbeats, yield nothing. */
export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void = () => undefined): AsyncGenerator<LiveEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event: LiveEvent = { id: null, type: "message", data: "" };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      rest += decoder.decode(value, { stream: true });
      // A carriage return at the very end may be half of CRLF: it waits for the next piece.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (event.data !== "") yield { ...event, data: event.data.slice(0, -1) };
          event = { id: event.id, type: "message", data: "" };
          continue;
        }
        const [, field = "", text = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "data") event.data += `${text}\n`;
        else if (field === "event") event.type = text;
        else if (field === "id") event.id = text;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the connection may be gone already
  }
}

/** Waiting time before reconnection number `attempt` (from 0), in ms: 1 s doubling to 30 s, spread so that not all come back at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(30_000, 1_000 * 2 ** attempt) * (0.5 + random() / 2);
}
