/**
 * Notes about status changes of a session, for listeners and producers.
 */
import type { SessionStatus } from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { ms } from "./render.js";

/** Creates a status callback that writes a note for each change to standard error. */
export function createStatusNotes(output: Output): (status: SessionStatus) => void {
  let wasReady = false;
  return (status) => {
    switch (status.type) {
      case "ready":
        // The command itself reports the first session.
        if (wasReady) output.note({ event: "reconnected", session_id: status.sessionId }, "reconnected");
        wasReady = true;
        break;
      case "disconnected": {
        const message = sanitize(status.error.message);
        const event = { event: "disconnected", message, retry_in_ms: Math.round(status.retryInMs) };
        output.note(event, `disconnected: ${message}; reconnecting in ${ms(status.retryInMs)}`);
        break;
      }
      case "goingAway":
        output.note(
          { event: "going_away", grace_ms: status.graceMs },
          `the dispatcher shuts down within ${ms(status.graceMs)}`,
        );
        break;
      case "fault":
        output.warn(sanitize(status.error.message));
        break;
      case "closed":
        break;
    }
  };
}
