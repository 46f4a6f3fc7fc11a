/**
 * The drain of the server: peers are told to go away, pending requests may end, and then every stream ends.
 */

import type { State } from "../state/state.js";
import { ENDINGS, SERVER } from "../state/unfinished-work.js";
import { refusal } from "../vocabulary/reason.js";
import { endAsPart } from "./ending.js";
import { departOpening } from "./listeners.js";
import { departProducer } from "./producers.js";
import type { StepContext } from "./step-context.js";

/** Accepts no new requests and sessions from now on, and tells all peers to go away. */
export function startDrain(state: State, graceMs: number, step: StepContext): void {
  if (state.phase !== "OPEN") return;
  state.phase = "DRAINING";
  const shutdown = refusal("SHUTTING_DOWN", "the server is shutting down; reconnect to another server");
  state.work.begin(SERVER, step, function* (step) {
    for (const session of state.sessions.values()) {
      const isOpening = session.kind === "opening" || (session.kind === "producer" && !session.isWelcome);
      // Its first event is not sent yet, so no event comes before the end.
      if (isOpening) {
        if (session.kind === "opening") departOpening(state, session, step);
        else departProducer(state, session, step);
        step.effects.push({ kind: "close", to: session.key, refusal: shutdown });
      } else step.effects.push({ kind: "goAway", to: session.key, reason: "SHUTDOWN", graceMs });
      yield 1;
    }
  });
}

/** Ends all pending requests, because the grace period is over. */
export function expireDrain(state: State, step: StepContext): void {
  state.work.begin(SERVER, step, function* (step) {
    for (const request of state.requests.values()) {
      yield* endAsPart(state, request, "SHUTDOWN", step);
    }
  });
}

/** Ends every stream when a drain has no pending request left, and the producers have been told of the end of all. */
export function closeIfDrained(state: State, step: StepContext): void {
  if (state.phase !== "DRAINING" || state.requests.size > 0 || state.work.has(ENDINGS)) return;
  state.phase = "CLOSED";
  const shutdown = refusal("SHUTTING_DOWN", "the server has shut down; reconnect elsewhere or later");
  state.work.begin(SERVER, step, function* (step) {
    for (const key of state.sessions.keys()) {
      step.effects.push({ kind: "close", to: key, refusal: shutdown });
      yield 1;
    }
  });
}
