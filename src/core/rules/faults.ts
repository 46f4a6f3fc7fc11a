/**
 * Faults of producers and invalid requests of callers: mistakes that do not end a stream, unless they are too many.
 */
import type { ProducerSession } from "../state/producer-session.js";
import type { CallerSession } from "../state/session.js";
import { RateLimit } from "../tables/rate-limit.js";
import type { Instant } from "../vocabulary/model.js";
import { type Refusal, refusal } from "../vocabulary/reason.js";
import type { StepContext } from "./step-context.js";

/** Faults that a session may cause at once. A batch of wrong messages from a producer with a bug stays below. */
const MAX_FAULTS = 1_000;
/** Faults a second that a session may cause on average. A Fault costs a hundred times the bytes that cause it. */
const MAX_FAULTS_PER_SECOND = 100;
/**
 * Retry delay, in milliseconds. A new session has new limits, so a peer that makes the same mistakes again and reconnects
 * at once would cost as much as without them.
 */
const RETRY_AFTER_MS = (MAX_FAULTS / MAX_FAULTS_PER_SECOND) * 1_000;

const TOO_MANY_FAULTS = tooMany("the session caused", "faults", "messages");
const TOO_MANY_INVALID = tooMany("the stream sent", "invalid requests", "requests");

/**
 * Why the stream of a caller must end after a rejection; undefined if it goes on. Only invalid requests count: a rejection
 * for a limit or for load says nothing about the caller. A Rejection costs a hundred times the bytes that cause it.
 */
export function tooManyInvalid(caller: CallerSession, refused: Refusal, now: Instant): Refusal | undefined {
  if (refused.reason !== "INVALID_FIELD" && refused.reason !== "MALFORMED_MESSAGE") return undefined;
  caller.invalidRequests ??= new RateLimit(MAX_FAULTS_PER_SECOND, MAX_FAULTS);
  return caller.invalidRequests.take(now) > 0 ? TOO_MANY_INVALID : undefined;
}

/** Tells a producer of a mistake, or notes that its mistakes are too many. */
export function fault(
  producer: ProducerSession,
  correlationId: string,
  refused: Refusal,
  step: StepContext,
): void {
  producer.faults ??= new RateLimit(MAX_FAULTS_PER_SECOND, MAX_FAULTS);
  if (producer.faults.take(step.now) > 0) producer.overLimit = TOO_MANY_FAULTS;
  else step.effects.push({ kind: "fault", to: producer.key, correlationId, refusal: refused });
}

/**
 * Tells a producer that it replied to an assignment which is not known; beyond the same limits, such a reply gets no Fault.
 * It does not end the session: the replies of a producer that is overloaded may all come after their assignments are
 * forgotten.
 */
export function faultUnknownReply(producer: ProducerSession, refused: Refusal, step: StepContext): void {
  producer.unknownReplies ??= new RateLimit(MAX_FAULTS_PER_SECOND, MAX_FAULTS);
  if (producer.unknownReplies.take(step.now) > 0) return;
  step.effects.push({ kind: "fault", to: producer.key, correlationId: "", refusal: refused });
}

function tooMany(cause: string, mistakes: string, remedy: string): Refusal {
  const message = `${cause} more than ${MAX_FAULTS} ${mistakes} at once or ${MAX_FAULTS_PER_SECOND} a second; send valid ${remedy}`;
  const metadata = { limit: String(MAX_FAULTS), limit_per_second: String(MAX_FAULTS_PER_SECOND) };
  return refusal("FAULT_LIMIT", message, metadata, RETRY_AFTER_MS);
}
