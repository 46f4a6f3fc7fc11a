/**
 * Listeners that open in parts: the parts are checked and collected as they arrive, within the bounds of one message.
 */

import { listenerBytes, partBytes } from "../state/costs.js";
import { ListenerOpening } from "../state/listener-opening.js";
import type { State } from "../state/state.js";
import type { ListenerOpened, TopicsUpdated } from "../vocabulary/input.js";
import { type Limits, maxCursors } from "../vocabulary/limits.js";
import { invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { cursorsRule, idRule, lengthRule, patternsRule, rangeRule, type Verdict } from "./field-rules.js";
import { accountOf, closeSession, keepSession } from "./sessions.js";
import { heldRefusal } from "./shares.js";
import type { StepContext } from "./step-context.js";

/** Checks the first part of a listener's session, or all of it. */
export function listenRules(input: ListenerOpened, limits: Limits): readonly Verdict[] {
  const max = limits.maxRegistrationsPerSession;
  return [
    idRule("listener_id", input.listenerId),
    lengthRule("topics", input.topics.length, max, "entries"),
    patternsRule("topics", input.topics),
    lengthRule("resume_from", input.resumeFrom.length, maxCursors(limits), "entries") ??
      cursorsRule("resume_from", input.resumeFrom),
    idRule("group", input.group),
    rangeRule("buffer_bytes", input.bufferBytes, limits.minBufferBytes, limits.maxBufferBytes),
    input.overflowAction === "UNKNOWN_ENUM_VALUE"
      ? { field: "overflow_action", description: "is unknown; use DROP_OLDEST or DISCONNECT" }
      : undefined,
  ];
}

/** Begins to collect the parts of a listener's session. It counts as a session from now on. */
export function beginOpening(
  state: State,
  listenerId: string,
  input: ListenerOpened,
  step: StepContext,
): void {
  const admitted = { account: accountOf(state, input.peer), at: step.now };
  const bytes = listenerBytes(input) + partBytes(input.topics, input.resumeFrom);
  keepOpening(state, new ListenerOpening(listenerId, input, admitted), bytes);
}

/** Keeps a session that opens, and charges it. @param bytes - its size without the registrations that are added. */
export function keepOpening(state: State, opening: ListenerOpening, bytes: number): void {
  keepSession(state, opening, bytes);
  state.openings.set(opening.identity, opening);
}

/** Ends the opening, because the last part has arrived, the listener is live, or the stream ends. */
export function endOpening(state: State, opening: ListenerOpening): void {
  closeSession(state, opening);
  if (state.openings.get(opening.identity) === opening) state.openings.delete(opening.identity);
}

/** Adds a part; removals are applied before additions. @returns why the part is rejected; undefined if it was added. */
export function addPart(state: State, opening: ListenerOpening, part: TopicsUpdated): Refusal | undefined {
  const { add, remove, resumeFrom = [] } = part;
  const verdict =
    patternsRule("add_topics", add) ??
    patternsRule("remove_topics", remove) ??
    cursorsRule("resume_from", resumeFrom);
  if (verdict) return invalid([verdict], part.kind);
  // What a part removes or repeats stays charged until the session is live.
  const bytes = partBytes(add, resumeFrom);
  const refused = heldRefusal(state, opening.account, bytes);
  if (refused) return refused;
  opening.charge(bytes);
  for (const topic of remove) opening.topics.delete(topic);
  for (const topic of add) opening.topics.add(topic);
  if (add.length > 0 && !part.isGroupShared) opening.isGroupShared = false;
  opening.collect(resumeFrom);
  const { limits } = state;
  const max = limits.maxRegistrationsPerSession;
  if (opening.topics.size > max) return registrationLimit(opening.topics.size, max);
  const tooMany = lengthRule("resume_from", opening.cursors.size, maxCursors(limits), "entries in all parts");
  return tooMany && invalid([tooMany], part.kind);
}

/** Checks that an update of a live session has no field of the parts before Ready. */
export function liveRule({ resumeFrom = [], cursorsFollow = false }: TopicsUpdated): Verdict {
  const description = "is set after ready; it is allowed only in the parts that cursors_follow announces";
  if (resumeFrom.length > 0) return { field: "resume_from", description };
  return cursorsFollow ? { field: "cursors_follow", description } : undefined;
}

/** The refusal of topics beyond the limit of one listener. */
export function registrationLimit(count: number, limit: number): Refusal {
  const message = `the listener holds ${count} of at most ${limit} topics; use wildcards or raise maxRegistrationsPerSession`;
  return refusal("REGISTRATION_LIMIT", message, { limit: String(limit) });
}
