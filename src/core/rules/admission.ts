/**
 * Admission of requests: their fields, the caller's request_id, the limits, and the remaining time.
 */

import {
  contextBytes,
  HELD_BYTES,
  JOIN_BYTES,
  rememberedBytes,
  requestBytes,
  selectorBytes,
  topicBytes,
} from "../state/costs.js";
import { RETRY_AFTER_MS, shedSaturated } from "../state/overload.js";
import { PendingRequest } from "../state/pending-request.js";
import type { RememberedRequest } from "../state/remembered-request.js";
import type { State } from "../state/state.js";
import type { Choice } from "../state/topic-state.js";
import { UNITS_PER_SLICE } from "../state/unfinished-work.js";
import type { Account } from "../tables/ledger.js";
import { summaryAtEnd } from "../views/summary.js";
import { identityOf } from "../vocabulary/identity.js";
import type { RequestSubmitted } from "../vocabulary/input.js";
import { type Acceptance, type Instant, NO_LANE, NO_SESSIONS, type SessionKey } from "../vocabulary/model.js";
import { connectionAge, invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { departCaller } from "./callers.js";
import { end, endIfOver } from "./ending.js";
import { tooManyInvalid } from "./faults.js";
import { observe } from "./observe.js";
import { violationsOf } from "./request-rules.js";
import { choose, scatter, targetsOf } from "./scatter.js";
import { accountOf } from "./sessions.js";
import { heldRefusal, pendingBytesRefusal, shareRefusal } from "./shares.js";
import type { StepContext } from "./step-context.js";

/** Nodes that a search visits before it ends the slice. Eight inputs may be applied between two readings of the clock. */
const LONG_SEARCH = UNITS_PER_SLICE / 2;

/** Accepts and scatters a request, or rejects it. Submissions of a rejected or ended stream are ignored. */
export function admit(state: State, input: RequestSubmitted, step: StepContext): void {
  const isOfStream = input.gather || input.correlationId !== undefined;
  const caller = isOfStream ? state.sessions.get(input.session) : undefined;
  if (isOfStream && caller?.kind !== "caller") return;
  const isAging = caller?.kind === "caller" && caller.isAging;
  const account = caller?.account ?? accountOf(state, input.peer ?? "");
  const { visitedCount } = state.router;
  const refused = isAging ? connectionAge() : tryAccept(state, input, account, step);
  endSliceAfterSearch(state, input.session, state.router.visitedCount - visitedCount, step);
  if (refused) {
    state.totals.rejectedRequests++;
    const overLimit = caller?.kind === "caller" && tooManyInvalid(caller, refused, step.now);
    if (overLimit) {
      departCaller(state, caller, step);
      step.effects.push({ kind: "close", to: caller.key, refusal: overLimit });
      return;
    }
    const correlationId = input.correlationId ?? "";
    step.effects.push({ kind: "reject", to: input.session, correlationId, refusal: refused });
  }
}

/**
 * Ends the slice of the session after a long search for the producers and listeners of a topic. Otherwise, a message with
 * many requests could have several such searches before the runtime reads the clock.
 */
function endSliceAfterSearch(state: State, key: SessionKey, visitedCount: number, step: StepContext): void {
  if (visitedCount < LONG_SEARCH) return;
  state.work.begin(key, step, function* () {
    yield UNITS_PER_SLICE + 1;
  });
}

/** A request that may be accepted: whom it is charged to, how long it may last, and whom it asks. */
interface Admitted {
  readonly account: Account;
  readonly ttlMs: number;
  readonly choices: readonly Choice[];
}

/** @returns why the request was rejected; undefined if it was accepted. */
function tryAccept(
  state: State,
  input: RequestSubmitted,
  account: Account,
  step: StepContext,
): Refusal | undefined {
  const { spec } = input;
  if (state.phase !== "OPEN")
    return refusal("SHUTTING_DOWN", "the server is shutting down; retry on another server");
  if (input.refused) return input.refused;
  const violations = violationsOf(input, state.limits);
  if (violations.length > 0) return invalid(violations, input.kind);
  const remembered =
    spec.requestId === "" ? undefined : findById(state, identityOf(input.principal ?? "", spec.requestId));
  if (remembered) return answerRepeat(state, input, remembered, step);
  const ttlMs = effectiveTtl(state, input, step.now);
  if (typeof ttlMs !== "number") return ttlMs;
  const shed = input.validateOnly ? undefined : shedReason(state, input, account, ttlMs, step.now);
  if (shed) return shed;
  const choices = choose(state.router.routes(spec.topic), spec.selector, state.requestSerial);
  if (choices.length === 0 && spec.noProducersAction === "FAIL") {
    const message = `no producer can be asked on ${spec.topic}; register one, or set no_producers_action to COMPLETE or WAIT`;
    return refusal("NO_PRODUCERS", message, { topic: spec.topic });
  }
  return shedSaturated(input, choices) ?? accept(state, input, { account, ttlMs, choices }, step);
}

function accept(
  state: State,
  input: RequestSubmitted,
  { account, ttlMs, choices }: Admitted,
  step: StepContext,
): Refusal | undefined {
  const { spec, principal: requester = "" } = input;
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
  const heldBytes = isKept && choices.length === 0 ? HELD_BYTES : 0;
  const bytes =
    requestBytes({ requestId: acceptance.requestId, requester }, spec.completion, choices.length) +
    contentBytesOf(input) +
    heldBytes;
  const keptBytes = bytes + laterBytes(input, acceptance) + causedBytes(state, spec.topic);
  const unheld = heldRefusal(state, account, keptBytes);
  if (unheld) return unheld;
  const topic = isKept ? state.router.open(spec.topic, account) : state.topics.find(spec.topic);
  if (isKept && !topic) return topicLimit(state, account);
  const name = topic?.name ?? spec.topic;
  const request = new PendingRequest(state.requestSerial++, name, input, acceptance, step.now);
  state.requests.set(request.identity, request);
  state.listed.add(request.serial, request);
  request.chargeTo(account, bytes);
  state.pendingBytes += request.contentBytes;
  state.totals.acceptedRequests++;
  if (spec.requestId !== "") state.remembered.rememberId(request, account);
  if (topic) {
    state.topics.markUsed(topic);
    topic.pendingCount++;
    if (request.isHeld && choices.length === 0) state.held.hold(topic, request);
  }
  answer(input, acceptance, step);
  observe(state, step, () => ({
    kind: "requestAccepted",
    topic: request.topic,
    requester: request.requester,
    acceptance,
  }));
  if (input.gather) joinCaller(state, input.session, request);
  if (!isKept) {
    end(state, request, "NO_PRODUCERS", step);
    return undefined;
  }
  state.wheel.set(request, request.deadlineAt);
  scatter(state, request, choices, step);
  request.keepPayload();
  endIfOver(state, request, step);
  return undefined;
}

function topicLimit(state: State, account: Account): Refusal {
  const { maxTopics } = state.limits;
  const refused = shareRefusal(state, account, "topics");
  if (refused && state.topics.size < maxTopics) return refused;
  const limit = String(maxTopics);
  const message = `the limit of ${limit} topics is reached; use fewer topics or raise maxTopics`;
  return refusal("TOPIC_LIMIT", message, { limit }, RETRY_AFTER_MS);
}

/** Size of payload, context and selector. */
function contentBytesOf({ spec, context }: RequestSubmitted): number {
  return spec.payload.length + contextBytes(context) + selectorBytes(spec.selector);
}

/** Size of what is remembered of a request whose id its caller chose. */
function laterBytes(
  { spec, digest, principal: requester = "" }: RequestSubmitted,
  { targets }: Acceptance,
): number {
  const { requestId, completion } = spec;
  return requestId === "" ? 0 : rememberedBytes({ requestId, requester }, digest, completion, targets.length);
}

/** Size of the state of a topic that has none yet. */
function causedBytes(state: State, topic: string): number {
  return state.topics.find(topic) ? 0 : topicBytes(topic);
}

function answer(input: RequestSubmitted, acceptance: Acceptance, step: StepContext): void {
  const correlationId = input.correlationId ?? "";
  step.effects.push({ kind: "accept", to: input.session, correlationId, acceptance });
}

function joinCaller(state: State, key: SessionKey, request: PendingRequest): void {
  const caller = state.sessions.get(key);
  if (caller?.kind !== "caller" || caller.gathering.has(request.identity)) return;
  caller.gathering.add(request.identity);
  caller.charge(JOIN_BYTES);
  request.addCaller(key);
}

/** The pending or remembered request of this identity. */
function findById(state: State, identity: string): PendingRequest | RememberedRequest | undefined {
  return state.requests.get(identity) ?? state.remembered.findByCallerId(identity);
}

/** Answers a request that was submitted before: with the same Acceptance, and with the rest of its gather. */
function answerRepeat(
  state: State,
  input: RequestSubmitted,
  request: PendingRequest | RememberedRequest,
  step: StepContext,
): Refusal | undefined {
  if (request.digest !== input.digest) {
    const id = input.spec.requestId;
    const message = `request_id ${id} was already used with other content; use a new id for a new request`;
    return refusal("REQUEST_ID_REUSED", message, { request_id: id });
  }
  const isJoined = input.gather && request instanceof PendingRequest && request.phase === "GATHERING";
  const account = state.sessions.get(input.session)?.account;
  const unheld = isJoined && account ? heldRefusal(state, account, JOIN_BYTES) : undefined;
  if (unheld) return unheld;
  answer(input, request.acceptance, step);
  if (!input.gather) return undefined;
  if (isJoined) {
    joinCaller(state, input.session, request);
    return undefined;
  }
  const summary = request instanceof PendingRequest ? request.summary : summaryAtEnd(request);
  if (summary) {
    const callers = [input.session];
    step.effects.push({ kind: "summarize", lane: NO_LANE, audience: NO_SESSIONS, callers, summary });
  }
  return undefined;
}

/**
 * Derives the TTL from the request and from the deadline of the call. A gather must end early enough for its summary to
 * arrive before that deadline. Measured: a last message written at the deadline never arrives; one written 15 ms
 * earlier always does.
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
    const message = `the call's deadline is in ${Math.round(remainingMs)} ms, which is too soon to gather results; use a later deadline`;
    return refusal("DEADLINE_TOO_SHORT", message, { remaining_ms: String(Math.round(remainingMs)) });
  }
  return Math.min(ttlMs ?? maxTtlMs, maxMs);
}

function shedReason(
  state: State,
  input: RequestSubmitted,
  account: Account,
  ttlMs: number,
  now: Instant,
): Refusal | undefined {
  const { limits, requests } = state;
  if (requests.size >= limits.maxPendingRequests) {
    const limit = String(limits.maxPendingRequests);
    const message = `the limit of ${limit} pending requests is reached; retry later or raise maxPendingRequests`;
    return refusal("PENDING_LIMIT", message, { limit }, RETRY_AFTER_MS);
  }
  const tooMany = shareRefusal(state, account, "requests");
  if (tooMany) return tooMany;
  const contentBytes = contentBytesOf(input);
  if (state.pendingBytes + contentBytes > limits.maxPendingBytes) {
    const limit = String(limits.maxPendingBytes);
    const message = `pending requests hold ${state.pendingBytes} of at most ${limit} bytes; retry later or raise maxPendingBytes`;
    return refusal("PENDING_BYTES_LIMIT", message, { limit }, RETRY_AFTER_MS);
  }
  const tooLarge = pendingBytesRefusal(state, account, contentBytes);
  if (tooLarge) return tooLarge;
  const late = state.overload.shedLate(input.waitedMs ?? 0, ttlMs, now);
  if (late) return late;
  const waitMs = state.rate.take(now);
  if (waitMs === 0) return undefined;
  const limit = String(limits.maxRequestsPerSecond);
  const message = `requests arrive faster than ${limit} per second; retry later or raise maxRequestsPerSecond`;
  return refusal("RATE_LIMIT", message, { limit }, waitMs);
}
