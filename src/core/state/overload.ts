/**
 * Load shedding. An overloaded server sheds requests that waited too long to be processed, and requests for which most
 * producers are saturated.
 *
 * A request may wait for up to a second, or a fifth of its TTL if that is longer, so that a short burst is accepted
 * completely. If every request of such a period has waited, this is no burst but a standing queue: a long queue adds
 * latency, but no throughput. The maximum wait is then lowered to {@link BEHIND_MS}, as in controlled delay (CoDel, RFC
 * 8289, section 3).
 */
import type { RequestSubmitted } from "../vocabulary/input.js";
import type { Instant } from "../vocabulary/model.js";
import { type Refusal, refusal } from "../vocabulary/reason.js";
import type { Choice } from "./topic-state.js";

/** Retry delay for shed requests, in milliseconds. */
export const RETRY_AFTER_MS = 1_000;
/** Maximum wait before a request is processed, as a share of its TTL. */
const MAX_WAIT_SHARE = 1 / 5;
/** Maximum wait in milliseconds, if that is longer than the share; also the maximum duration of a burst. */
const BURST_MS = 1_000;
/** A request that waited longer than this, in milliseconds, shows that the server is behind. */
const BEHIND_MS = 100;
/** A request that waited less than this, in milliseconds, shows that the server keeps up. */
const PROMPT_MS = 20;

/** This refusal and the next are constants, so that an overloaded server encodes each of them only once. */
const WAITED_TOO_LONG = refusal(
  "OVERLOADED",
  "the server is overloaded, and the request waited too long to be processed; retry later",
  {},
  RETRY_AFTER_MS,
);

const PRODUCERS_SATURATED = refusal(
  "OVERLOADED",
  "the server is overloaded, and most producers have no room for the request; retry later",
  {},
  RETRY_AFTER_MS,
);

/** Tracks whether requests wait before they are processed, and since when. */
export class Overload {
  private lastPromptAt: Instant = Number.NEGATIVE_INFINITY;
  private lastSeenAt: Instant = Number.NEGATIVE_INFINITY;

  /** @returns why a request that waited is shed; undefined if it is not. */
  shedLate(waitedMs: number, ttlMs: number, now: Instant): Refusal | undefined {
    // After a silence, earlier waits say nothing about the current load.
    if (waitedMs < PROMPT_MS || now - this.lastSeenAt > BURST_MS) this.lastPromptAt = now;
    this.lastSeenAt = now;
    const burstMs = Math.max(BURST_MS, ttlMs * MAX_WAIT_SHARE);
    const maxWaitMs = now - this.lastPromptAt <= burstMs ? burstMs : BEHIND_MS;
    return waitedMs > maxWaitMs ? WAITED_TOO_LONG : undefined;
  }
}

/**
 * Sheds a request if the server is behind and more than half of the producers are saturated: accepting the request only
 * to report them as SATURATED costs several times as much as rejecting it at once. A server that keeps up reports them
 * in the summary. If one of two producers is saturated, the other is still asked.
 *
 * @returns why the request is shed; undefined if it is not.
 */
export function shedSaturated(
  { waitedMs = 0, validateOnly }: RequestSubmitted,
  choices: readonly Choice[],
): Refusal | undefined {
  if (waitedMs <= BEHIND_MS || validateOnly) return undefined;
  let saturatedCount = 0;
  for (const { producer } of choices) if (!producer.hasCredit && !producer.hasRoom) saturatedCount++;
  return saturatedCount * 2 > choices.length ? PRODUCERS_SATURATED : undefined;
}
