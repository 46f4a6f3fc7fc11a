import { msFromDuration } from "./duration.js";
import { nameOf } from "./enum-names.js";
import {
  OutcomeState,
  type Summary as SummaryMessage,
  SummaryReason,
} from "./gen/ate/dispatcher/v1/summary.js";

/** Why a request ended. A server newer than this library may send a further reason, which arrives as its number. */
export type SummaryReasonName =
  | "ALL_ANSWERED"
  | "POLICY_MET"
  | "STALLED"
  | "EXPIRED"
  | "CANCELLED"
  | "NO_PRODUCERS"
  | "SHUTDOWN";

/**
 * The fate of one target; as with {@link SummaryReasonName}, a further one arrives
 * as its number. PENDING and LATE are only seen when a request is looked up.
 */
export type OutcomeStateName =
  | "ANSWERED"
  | "FAILED"
  | "MISSED"
  | "DEPARTED"
  | "SATURATED"
  | "CANCELLED"
  | "LATE"
  | "PENDING";

/** What became of one target of a request. */
export interface ProducerOutcome {
  /** Who was asked; after a fail-over inside a group the last member. */
  readonly producerId: string;
  /** The group it was chosen from; empty if it registered without one. */
  readonly group: string;
  /** Its fate. */
  readonly state: OutcomeStateName;
  /** From acceptance to its last result, in milliseconds; undefined if it sent none. */
  readonly latencyMs: number | undefined;
  /** How many results it sent in time, also partial ones. */
  readonly resultCount: number;
  /** gRPC code and text of its failure; only with state FAILED. */
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** The one end of an accepted request. */
export interface Summary {
  /** The request that ended. */
  readonly requestId: string;
  /** Its topic. */
  readonly topic: string;
  /** Why it ended. */
  readonly reason: SummaryReasonName;
  /** Whether it got what it asked for. */
  readonly satisfied: boolean;
  /** How many targets were asked. */
  readonly targetedCount: number;
  /** How many of them answered without an error. */
  readonly answeredCount: number;
  /** How many of them answered with an error. */
  readonly failedCount: number;
  /** How many of them gave no final answer. */
  readonly missingCount: number;
  /** From acceptance to end, in milliseconds. */
  readonly elapsedMs: number;
  /** Each target's fate, in the order in which they were asked. */
  readonly outcomes: readonly ProducerOutcome[];
}

/** Reads a summary from the wire. */
export function summaryOf(message: SummaryMessage): Summary {
  return {
    requestId: message.requestId,
    topic: message.topic,
    reason: nameOf(SummaryReason, message.reason),
    satisfied: message.satisfied,
    targetedCount: message.targetedCount,
    answeredCount: message.answeredCount,
    failedCount: message.failedCount,
    missingCount: message.missingCount,
    elapsedMs: msFromDuration(message.elapsed),
    outcomes: message.outcomes.map(({ producerId, group, state, latency, resultCount, error }) => ({
      producerId,
      group,
      state: nameOf(OutcomeState, state),
      latencyMs: latency && msFromDuration(latency),
      resultCount,
      error: error && { code: error.code, message: error.message },
    })),
  };
}
