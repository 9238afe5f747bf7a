import { authFetch } from "./http";

/** Saves what the address answers as a file; the name that it got. */
export async function saveFile(path: string, otherwise: string): Promise<string> {
  const response = await authFetch(new URL(path, window.location.origin));
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = named?.[1] ?? otherwise;
  link.click();
  URL.revokeObjectURL(link.href);
  return link.download;
}
