/**
 * Notes about status changes of a session, for listeners and producers.
 */
import type { SessionStatus } from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { ms } from "./render.js";

/** The minimum time between two notes about an attempt that failed, in milliseconds. */
const MIN_NOTE_INTERVAL_MS = 1_000;

/**
 * Creates a status callback that writes a note for each change to standard error. Attempts to connect that fail one after
 * the other get at most one note a second.
 *
 * @param address - the dispatcher's address, for the notes.
 * @param now - the present instant in milliseconds, by a monotonic clock.
 */
export function createStatusNotes(
  output: Output,
  address: string,
  now: () => number = () => performance.now(),
): (status: SessionStatus) => void {
  let wasReady = false;
  let nextNoteAt = Number.NEGATIVE_INFINITY;
  return (status) => {
    switch (status.type) {
      case "ready":
        // The command itself reports the first session.
        if (wasReady) output.note({ event: "reconnected", session_id: status.sessionId }, "reconnected");
        wasReady = true;
        nextNoteAt = Number.NEGATIVE_INFINITY;
        break;
      case "disconnected": {
        if (now() < nextNoteAt) break;
        nextNoteAt = now() + MIN_NOTE_INTERVAL_MS;
        const { message } = status.error;
        const event = { event: "disconnected", address, message, retry_in_ms: Math.round(status.retryInMs) };
        const what = `disconnected from ${address}: ${sanitize(message)}`;
        output.note(event, `${what}; reconnecting in ${ms(status.retryInMs)}`);
        break;
      }
      case "goingAway":
        output.note(
          { event: "going_away", grace_ms: status.graceMs },
          `the dispatcher shuts down within ${ms(status.graceMs)}`,
        );
        break;
      case "fault": {
        const { code, reason, message, metadata } = status.error;
        output.warn(sanitize(message), { event: "fault", code, reason, message, metadata });
        break;
      }
      case "closed":
        break;
    }
  };
}
