/** The services as the dashboard meets them: a table of answers in place of the network. */
import { vi } from "vitest";

type Answer = (request: Request, path: URLSearchParams) => Response | Promise<Response>;

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

export const page = (results: readonly unknown[]) => json({ count: results.length, next: null, previous: null, results });

/** Answers "GET /api/devices" and the like; whatever is not in the table is 404. Returns every request that was made. */
export function serve(answers: Record<string, Answer>): Request[] {
  const requests: Request[] = [];
  vi.stubGlobal("fetch", async (input: Request) => {
    requests.push(input.clone());
    const { pathname, searchParams } = new URL(input.url);
    const answer = answers[`${input.method} ${pathname}`];
    return answer ? await answer(input, searchParams) : json({ detail: `There is nothing at ${pathname}.` }, 404);
  });
  return requests;
}

/** A live stream that stays open; `send` writes one event into it. */
export function liveStream() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
  return {
    answer: () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
    send: (type: string, data: unknown) =>
      controller.enqueue(new TextEncoder().encode(`id: 1\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)),
  };
}
