/**
 * Sessions whose connection reached its maximum age: they finish their pending work, and their peers reconnect.
 */

import type { ListenerOpening } from "../state/listener-opening.js";
import type { ListenerSession } from "../state/listener-session.js";
import type { CallerSession } from "../state/session.js";
import type { State } from "../state/state.js";
import type { SessionAging } from "../vocabulary/input.js";
import { connectionAge } from "../vocabulary/reason.js";
import { departListener, departOpening } from "./listeners.js";
import { ageProducer } from "./producers.js";
import { closeIfDone } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** Tells a peer to reconnect, and ends its stream when its pending work is done. */
export function ageSession(state: State, input: SessionAging, step: StepContext): void {
  const session = state.sessions.get(input.session);
  // A draining server has told every peer already.
  if (!session || state.phase !== "OPEN") return;
  if (session.kind === "producer") {
    if (session.isDraining) return;
    goAway(input, step);
    ageProducer(state, session, step);
  } else if (session.kind === "listener") ageListener(state, session, input, step);
  else if (session.kind === "opening") ageOpening(state, session, step);
  else ageCaller(session, input, step);
}

/** The session departs at once, so that no new delivery keeps the stream open: a listener resumes from its cursors. */
function ageListener(state: State, listener: ListenerSession, input: SessionAging, step: StepContext): void {
  goAway(input, step);
  step.effects.push({ kind: "close", to: listener.key, refusal: connectionAge() });
  departListener(state, listener, step);
}

/** Its first event is not sent yet, so no event comes before the end. */
function ageOpening(state: State, opening: ListenerOpening, step: StepContext): void {
  step.effects.push({ kind: "close", to: opening.key, refusal: connectionAge() });
  departOpening(state, opening, step);
}

function ageCaller(caller: CallerSession, input: SessionAging, step: StepContext): void {
  if (caller.isFinished || caller.isAging) return;
  goAway(input, step);
  caller.isAging = true;
  closeIfDone(caller, step);
}

function goAway({ session, graceMs }: SessionAging, step: StepContext): void {
  step.effects.push({ kind: "goAway", to: session, reason: "CONNECTION_AGE", graceMs });
}
