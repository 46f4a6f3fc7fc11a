/**
 * Notes about status changes of a session, for listeners and producers.
 */
import type { SessionStatus } from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { ms } from "./render.js";
import type { WaitingNotes } from "./waiting.js";

/**
 * Creates a status callback that writes a note for each change to standard error. Attempts to connect that fail one after
 * the other get at most one note a second.
 *
 * @param notes - the command's notes about its dispatcher.
 */
export function createStatusNotes(output: Output, notes: WaitingNotes): (status: SessionStatus) => void {
  let wasReady = false;
  const { address } = notes;
  return (status) => {
    switch (status.type) {
      case "ready":
        // The command itself reports the first session.
        if (wasReady) output.note({ event: "reconnected", session_id: status.sessionId }, "reconnected");
        wasReady = true;
        notes.restart();
        break;
      case "disconnected": {
        const { message } = status.error;
        const event = { event: "disconnected", address, message, retry_in_ms: Math.round(status.retryInMs) };
        const what = `disconnected from ${address}: ${sanitize(message)}`;
        notes.write(event, `${what}; reconnecting in ${ms(status.retryInMs)}`);
        break;
      }
      case "connecting":
        notes.waiting(status.error.details);
        break;
      case "goingAway": {
        const { graceMs, reason } = status;
        const what =
          reason === "CONNECTION_AGE" ? "the dispatcher ends this connection" : "the dispatcher shuts down";
        output.note({ event: "going_away", grace_ms: graceMs, reason }, `${what} within ${ms(graceMs)}`);
        break;
      }
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
