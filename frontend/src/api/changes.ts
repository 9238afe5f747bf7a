import { ApiError, isTransient } from "./errors";
import { authFetch } from "./http";

const ASK_AGAIN_AFTER = 1_000;
/** The change goes on by itself: that nobody can tell for a moment does not mean that it failed. */
const FAILURES_IN_A_ROW = 10;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What becomes of a change whose first answer is `answer`: when the services need longer than a request may last, that is a
 * `status_url`, which is asked until the change is done. Throws what it was refused with.
 */
export async function untilDone(answer: unknown): Promise<unknown> {
  let failures = 0;
  while (typeof answer === "object" && answer !== null && "status_url" in answer && typeof answer.status_url === "string") {
    await pause(ASK_AGAIN_AFTER);
    const address = new URL(answer.status_url, window.location.origin);
    if (address.origin !== window.location.origin) throw new ApiError(502);
    try {
      const response = await authFetch(address);
      answer = response.status === 204 ? null : await response.json();
      failures = 0;
    } catch (error) {
      failures += 1;
      if (!isTransient(error) || failures === FAILURES_IN_A_ROW) throw error;
    }
  }
  return answer;
}
