/**
 * Whether a request is taken: its fields, the caller's id, the limits, and the time that is left.
 */

import { RETRY_AFTER_MS, refuseFutile } from "../state/overload.js";
import { PendingRequest } from "../state/pending-request.js";
import type { State } from "../state/state.js";
import type { Choice } from "../state/topic-state.js";
import type { RequestSubmitted } from "../vocabulary/input.js";
import { type Acceptance, type Instant, NO_LANE, NOBODY, type SessionKey } from "../vocabulary/model.js";
import { invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { end, endIfOver } from "./ending.js";
import { observe } from "./observe.js";
import { violationsOf } from "./request-rules.js";
import { choose, scatter, targetsOf } from "./scatter.js";
import type { StepContext } from "./step-context.js";

/** Takes a request and scatters it, or rejects it; what a stream submits that was refused or has ended is ignored. */
export function admit(state: State, input: RequestSubmitted, step: StepContext): void {
  const isOfStream = input.gather || input.correlationId !== undefined;
  if (isOfStream && state.sessions.get(input.session)?.kind !== "caller") return;
  const refused = refuse(state, input, step);
  if (refused) {
    state.totals.rejectedRequests++;
    const correlationId = input.correlationId ?? "";
    step.effects.push({ kind: "reject", to: input.session, correlationId, refusal: refused });
  }
}

/** @returns why the request was not taken, or undefined if it was. */
function refuse(state: State, input: RequestSubmitted, step: StepContext): Refusal | undefined {
  const { spec } = input;
  if (state.phase !== "OPEN") return refusal("SHUTTING_DOWN", "the server is shutting down; try another one");
  const violations = violationsOf(input, state.limits);
  if (violations.length > 0) return invalid(violations, input.kind);
  const remembered = spec.requestId === "" ? undefined : knownById(state, spec.requestId);
  if (remembered) return repeat(state, input, remembered, step);
  const ttlMs = effectiveTtl(state, input, step.now);
  if (typeof ttlMs !== "number") return ttlMs;
  const shed = shedReason(state, input, ttlMs, step.now);
  if (shed) return shed;
  const choices = choose(state.router.routes(spec.topic), spec.selector, state.requestSerial);
  if (choices.length === 0 && spec.noProducersAction === "FAIL") {
    const message = `no producer can be asked on ${spec.topic}; register one, or use no_producers_action COMPLETE or WAIT`;
    return refusal("NO_PRODUCERS", message, { topic: spec.topic });
  }
  return refuseFutile(input, choices) ?? accept(state, input, ttlMs, choices, step);
}

function accept(
  state: State,
  input: RequestSubmitted,
  ttlMs: number,
  choices: readonly Choice[],
  step: StepContext,
): Refusal | undefined {
  const { spec } = input;
  const routes = state.router.routes(spec.topic);
  const isKept = choices.length > 0 || spec.noProducersAction === "WAIT";
  const acceptance: Acceptance = {
    requestId: spec.requestId || input.mintedId,
    targets: targetsOf(routes, choices),
    listenerCount: routes.listenerCount,
    ttlMs,
    deadlineAt: step.now + ttlMs,
  };
  if (input.validateOnly) {
    answer(input, acceptance, step);
    return undefined;
  }
  const topic = isKept ? state.router.open(spec.topic) : state.topics.find(spec.topic);
  if (isKept && !topic) {
    const limit = String(state.limits.maxTopics);
    const message = `${limit} topics are in use, which is the limit; ask on fewer topics or raise maxTopics`;
    return refusal("TOPIC_LIMIT", message, { limit }, RETRY_AFTER_MS);
  }
  const name = topic?.name ?? spec.topic;
  const request = new PendingRequest(state.requestSerial++, name, input, acceptance, step.now);
  state.requests.set(request.requestId, request);
  state.pendingBytes += request.payload.length;
  state.totals.acceptedRequests++;
  if (spec.requestId !== "") state.remembered.noteSent(request);
  if (topic) {
    state.topics.retain(topic);
    topic.pendingCount++;
    if (request.isHeld && choices.length === 0) state.held.hold(topic, request);
  }
  answer(input, acceptance, step);
  observe(state, step, () => ({ kind: "requestAccepted", topic: request.topic, acceptance }));
  if (input.gather) join(state, input.session, request);
  if (!isKept) {
    end(state, request, "NO_PRODUCERS", step);
    return undefined;
  }
  state.wheel.set(request, request.deadlineAt);
  scatter(state, request, choices, step);
  endIfOver(state, request, step);
  return undefined;
}

function answer(input: RequestSubmitted, acceptance: Acceptance, step: StepContext): void {
  const correlationId = input.correlationId ?? "";
  step.effects.push({ kind: "accept", to: input.session, correlationId, acceptance });
}

function join(state: State, key: SessionKey, request: PendingRequest): void {
  const caller = state.sessions.get(key);
  if (caller?.kind !== "caller" || caller.gathering.has(request.requestId)) return;
  caller.gathering.add(request.requestId);
  request.callers = [...request.callers, key];
}

/** The request in flight or remembered that bears an id. */
function knownById(state: State, requestId: string): PendingRequest | undefined {
  return state.requests.get(requestId) ?? state.remembered.sentAs(requestId);
}

/** Answers a request that was sent before: the same Acceptance, and what is still to come. */
function repeat(
  state: State,
  input: RequestSubmitted,
  request: PendingRequest,
  step: StepContext,
): Refusal | undefined {
  if (request.digest !== input.digest) {
    const id = input.spec.requestId;
    const message = `request_id ${id} was used with other content; use a new id for a new request`;
    return refusal("REQUEST_ID_REUSED", message, { request_id: id });
  }
  answer(input, request.acceptance, step);
  if (!input.gather) return undefined;
  if (request.phase === "GATHERING") {
    join(state, input.session, request);
  } else if (request.summary) {
    const { summary } = request;
    const callers = [input.session];
    step.effects.push({ kind: "summarize", lane: NO_LANE, audience: NOBODY, callers, summary });
  }
  return undefined;
}

/**
 * Settles the TTL against the deadline of the call. A gather must end so long before the call's deadline that the
 * summary still arrives: measured, a last message written at the deadline never does, 15 ms before it always.
 */
function effectiveTtl(state: State, input: RequestSubmitted, now: Instant): number | Refusal {
  const ttlMs = input.spec.ttlMs === "MALFORMED" ? undefined : input.spec.ttlMs;
  const { defaultTtlMs, maxTtlMs } = state.limits;
  if (input.callDeadlineAt === undefined) return ttlMs ?? defaultTtlMs;
  const remainingMs = input.callDeadlineAt - now;
  if (!input.gather) return ttlMs ?? Math.max(1, Math.min(remainingMs, maxTtlMs));
  const reserveMs = Math.min(250, Math.max(25, remainingMs / 10));
  const maxMs = remainingMs - reserveMs;
  if (maxMs <= 0) {
    const message = `${Math.round(remainingMs)} ms of the call's deadline are left, which is too little to gather in`;
    return refusal("DEADLINE_TOO_SHORT", message, { remaining_ms: String(Math.round(remainingMs)) });
  }
  return Math.min(ttlMs ?? maxTtlMs, maxMs);
}

function shedReason(state: State, input: RequestSubmitted, ttlMs: number, now: Instant): Refusal | undefined {
  const { limits, requests } = state;
  if (input.validateOnly) return undefined;
  if (requests.size >= limits.maxPendingRequests) {
    const limit = String(limits.maxPendingRequests);
    const message = `${limit} requests are in flight, which is the limit; try again later or raise maxPendingRequests`;
    return refusal("PENDING_LIMIT", message, { limit }, RETRY_AFTER_MS);
  }
  if (state.pendingBytes + input.spec.payload.length > limits.maxPendingBytes) {
    const limit = String(limits.maxPendingBytes);
    const message = `requests in flight hold ${state.pendingBytes} bytes of at most ${limit}; try again later or raise maxPendingBytes`;
    return refusal("PENDING_BYTES_LIMIT", message, { limit }, RETRY_AFTER_MS);
  }
  const late = state.overload.refuseLate(input.waitedMs ?? 0, ttlMs, now);
  if (late) return late;
  const waitMs = state.rate.take(now);
  if (waitMs === 0) return undefined;
  const limit = String(limits.maxRequestsPerSecond);
  const message = `requests come faster than ${limit} a second; try again later or raise maxRequestsPerSecond`;
  return refusal("RATE_LIMIT", message, { limit }, waitMs);
}
