import { ApiError } from "@/api/errors";
import { register, type RegistrationRequestWritable } from "@/api/generated/auth";
import { authFetch } from "@/api/http";

const ASK_AGAIN_AFTER = 1_000;

/** Creates an account. When the services need longer than a request may last, asks until they are done. */
export async function registerAccount(body: RegistrationRequestWritable): Promise<void> {
  let answer: object = await register({ body });
  while ("status_url" in answer && typeof answer.status_url === "string") {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER));
    const address = new URL(answer.status_url, window.location.origin);
    if (address.origin !== window.location.origin) throw new ApiError(502);
    const response = await authFetch(address);
    answer = (await response.json()) as object;
  }
}
