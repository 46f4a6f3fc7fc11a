/**
 * Rules that all sessions share: their limit, heartbeats, replacement by a newer session, and the end of their streams.
 */

import { JOIN_BYTES, partBytes, registrationsBytes } from "../state/costs.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { CallerSession } from "../state/session.js";
import type { AnySession, State } from "../state/state.js";
import type { Account } from "../tables/ledger.js";
import type { SessionKey } from "../vocabulary/model.js";
import { connectionAge, type Refusal, refusal } from "../vocabulary/reason.js";
import { cursorsOf, HEARTBEAT_CURSORS } from "./cursors.js";
import { heldRefusal, shareRefusal } from "./shares.js";
import type { StepContext } from "./step-context.js";

/**
 * @param bytes - what the session will hold as soon as it is open.
 * @param older - the session that the new one replaces; it counts neither towards the limit nor towards the budget.
 * @returns why the peer cannot open a further session; undefined if it can.
 */
export function admitSession(
  state: State,
  account: Account,
  bytes: number,
  older?: AnySession,
): Refusal | undefined {
  if (state.phase !== "OPEN")
    return refusal("SHUTTING_DOWN", "the server is shutting down; reconnect to another server");
  if (!older) return streamRefusal(state, account) ?? heldRefusal(state, account, bytes);
  if (account.exceeds(bytes) === undefined) return undefined;
  // What the older session holds is released as soon as the new one is open.
  const further = bytes - (older.account === account ? sizeOf(older) : 0);
  return further > 0 ? heldRefusal(state, account, further) : undefined;
}

/** What a session would be charged with if it were opened now. */
function sizeOf(session: AnySession): number {
  if (session.kind === "producer") {
    const registrations = Array.from(session.registrations, ([topic, group]) => ({ topic, group }));
    return session.ownBytes + registrationsBytes(registrations);
  }
  return session.ownBytes + (session.kind === "listener" ? partBytes(session.topics, []) : 0);
}

/** @returns why a peer can open no further stream, be it a session or not; undefined if it can. */
export function streamRefusal(state: State, account: Account): Refusal | undefined {
  const limit = state.limits.maxSessions;
  if (state.sessions.size + state.otherStreamCount < limit) return shareRefusal(state, account, "sessions");
  const message = `the limit of ${limit} open streams is reached; retry later or raise maxSessions`;
  return refusal("SESSION_LIMIT", message, { limit: String(limit) }, 1_000);
}

/** Keeps a session that was admitted, and charges it. @param bytes - its size without its registrations. */
export function keepSession(state: State, session: AnySession, bytes: number): void {
  session.account.add("sessions");
  session.charge(bytes);
  state.sessions.set(session.key, session);
}

/** The account of the peer of a connection. @param peer - the connection as the edge shows it. */
export function accountOf(state: State, peer: string): Account {
  return state.ledger.of(peer);
}

/** Closes the stream of an older session that a newer one of the same id replaces. */
export function replaceSession(older: AnySession, field: string, id: string, step: StepContext): void {
  const message = `${field} ${id} connected again, and the newest stream wins; give each peer its own id`;
  const replaced = refusal("SESSION_REPLACED", message, { [field]: id });
  step.effects.push({ kind: "close", to: older.key, refusal: replaced });
}

/** Removes a session from the open ones. The rest of its end depends on its kind. */
export function closeSession(state: State, session: AnySession): void {
  if (!state.sessions.delete(session.key)) return;
  state.wheel.clear(session);
  session.releaseAll();
  session.account.remove("sessions");
}

/** Sends a heartbeat, and schedules the next one. */
export function sendHeartbeat(state: State, session: AnySession, step: StepContext): void {
  const cursors = session.kind === "listener" ? cursorsOf(state, session.topics, HEARTBEAT_CURSORS) : [];
  step.effects.push({ kind: "heartbeat", to: session.key, cursors });
  state.wheel.set(session, step.now + state.limits.heartbeatMs);
}

/** Notes that a caller's gather has ended. Ends the stream of a finished or aging caller after its last gather. */
export function finishCaller(state: State, key: SessionKey, identity: string, step: StepContext): void {
  const caller = state.sessions.get(key);
  if (caller?.kind !== "caller") return;
  if (caller.gathering.delete(identity)) caller.release(JOIN_BYTES);
  closeIfDone(caller, step);
}

/** Ends the stream of a caller that submits no more requests and has no gather left. */
export function closeIfDone(caller: CallerSession, step: StepContext): void {
  if (caller.gathering.size > 0) return;
  if (caller.isFinished) step.effects.push({ kind: "close", to: caller.key, refusal: undefined });
  else if (caller.isAging) step.effects.push({ kind: "close", to: caller.key, refusal: connectionAge() });
}

/** Ends the stream of a draining producer once no assignment is outstanding or waiting. */
export function finishDrain(producer: ProducerSession, step: StepContext): void {
  if (!producer.isDraining || producer.load > 0 || producer.isOver) return;
  producer.isOver = true;
  if (producer.isAging) {
    step.effects.push({ kind: "close", to: producer.key, refusal: connectionAge() });
    return;
  }
  step.effects.push({ kind: "drained", to: producer.key });
  step.effects.push({ kind: "close", to: producer.key, refusal: undefined });
}
