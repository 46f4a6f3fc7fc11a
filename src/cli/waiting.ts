/**
 * Notes about a dispatcher that cannot be reached or does not answer, at most once a second.
 */
import { type DispatcherClient, DispatcherError } from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { pause } from "./time.js";

/** The interval of the notes, in milliseconds. */
const NOTE_INTERVAL_MS = 1_000;
/** How long a call may take that asks why there is no connection, in milliseconds. Without one it fails at once. */
const MAX_PROBE_MS = 300;
/** gRPC status code. */
const UNAVAILABLE = 14;

/** Writes a note every second until the signal fires. @param reason - says what keeps the command. */
export async function noteWhileWaiting(
  output: Output,
  address: string,
  reason: () => Promise<string>,
  answered: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(NOTE_INTERVAL_MS, answered);
    if (answered.aborted) return;
    const message = await reason();
    if (answered.aborted) return;
    output.note({ event: "waiting", address, message }, `waiting for ${address}: ${sanitize(message)}`);
  }
}

/** Says why a client is not connected. Never throws. */
export async function whyNotConnected(client: DispatcherClient): Promise<string> {
  try {
    await client.introspect.serverInfo({ signal: AbortSignal.timeout(MAX_PROBE_MS) });
    return "it answers now";
  } catch (cause) {
    const { code, details } = DispatcherError.from(cause);
    return code === UNAVAILABLE ? essenceOf(details) : "the connection is not established";
  }
}

/** Removes what grpc-js puts around the error of the system. */
function essenceOf(details: string): string {
  const essence = /Last error: (?:Error: )?(.*?)(?:\. Resolution note:.*)?$/s.exec(details)?.[1];
  return essence || details;
}
