/**
 * What is said of a session's ups and downs, the same for listeners and producers.
 */
import type { SessionStatus } from "ate-dispatcher-client";
import { harmless, type Output } from "./output.js";
import { ms } from "./render.js";

/** Makes a status handler that writes what happens to the session to standard error. */
export function createStatusNotes(output: Output): (status: SessionStatus) => void {
  let wasReady = false;
  return (status) => {
    switch (status.type) {
      case "ready":
        // The command itself tells of the first time.
        if (wasReady) output.note({ event: "reconnected", session_id: status.sessionId }, "connected again");
        wasReady = true;
        break;
      case "disconnected": {
        const message = harmless(status.error.message);
        const event = { event: "disconnected", message, retry_in_ms: Math.round(status.retryInMs) };
        output.note(event, `disconnected: ${message}; trying again in ${ms(status.retryInMs)}`);
        break;
      }
      case "goingAway":
        output.note(
          { event: "going_away", grace_ms: status.graceMs },
          `the dispatcher is going away within ${ms(status.graceMs)}`,
        );
        break;
      case "fault":
        output.warn(harmless(status.error.message));
        break;
      case "closed":
        break;
    }
  };
}
