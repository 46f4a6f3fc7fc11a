/** Fetches a key set over HTTPS, within bounds of time and size. */

/** How long a fetch may take, in milliseconds. */
const FETCH_TIMEOUT_MS = 5_000;
/** Limit of an answer, in bytes after decompression. A set of a few keys has a few KiB. */
const MAX_ANSWER_BYTES = 1_024 * 1_024;

/** The text of an answer, or why there is none. */
export type Fetched = { readonly text: string } | { readonly problem: string };

/** Fetches the text at a URL. Redirects are not followed: they would lead to a place that nobody configured. Never rejects. */
export async function fetchText(url: string, timeoutMs = FETCH_TIMEOUT_MS): Promise<Fetched> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { accept: "application/jwk-set+json, application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return { problem: `the answer has the status ${response.status}` };
    }
    return await bounded(response.body);
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

async function bounded(body: ReadableStream<Uint8Array>): Promise<Fetched> {
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for await (const part of body) {
    byteLength += part.byteLength;
    // Leaving the loop cancels the answer.
    if (byteLength > MAX_ANSWER_BYTES)
      return { problem: `the answer has more than ${MAX_ANSWER_BYTES} bytes` };
    parts.push(part);
  }
  return { text: Buffer.concat(parts).toString("utf8") };
}

/** The name or code of an error. Its message may contain the URL, whose query may be a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "the fetch failed";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : error.name;
  return code === "TimeoutError" ? "the answer did not arrive in time" : `the fetch failed (${code})`;
}
