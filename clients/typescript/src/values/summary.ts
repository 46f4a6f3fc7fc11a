import {
  OutcomeState,
  type Summary as SummaryMessage,
  SummaryReason,
} from "../gen/ate/dispatcher/v1/summary.js";
import { msFromDuration } from "./duration.js";
import { nameOf } from "./enum-names.js";

/** Why a request ended. A reason that this version of the library does not know appears as its decimal number. */
export type SummaryReasonName =
  | "ALL_ANSWERED"
  | "POLICY_MET"
  | "STALLED"
  | "EXPIRED"
  | "CANCELLED"
  | "NO_PRODUCERS"
  | "SHUTDOWN";

/**
 * The outcome of one target. PENDING and LATE occur only in introspection. A state that this version of the library
 * does not know appears as its decimal number.
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

/** The outcome of one target of a request. */
export interface ProducerOutcome {
  /** The producer; after a fail-over inside a group, the last member that was asked. */
  readonly producerId: string;
  /** The principal of the producer: the same id of another principal is another producer. Empty if it is anonymous. */
  readonly principal: string;
  /** The group that the producer was chosen from; empty if the producer registered without a group. */
  readonly group: string;
  /** What became of the assignment. */
  readonly state: OutcomeStateName;
  /**
   * The time from the request's acceptance to the producer's last result, in milliseconds; undefined without a
   * result.
   */
  readonly latencyMs: number | undefined;
  /** The number of results in time, including partial ones. */
  readonly resultCount: number;
  /** The gRPC code and text of the error result; only with the state FAILED. */
  readonly error: { readonly code: number; readonly message: string } | undefined;
}

/** How a request ended. Each accepted request has exactly one summary. */
export interface Summary {
  /** The request's id. */
  readonly requestId: string;
  /** The principal whose request it is, as the server authenticated it; empty if the requester is anonymous. */
  readonly requester: string;
  /** The request's topic. */
  readonly topic: string;
  /** Why the request ended. */
  readonly reason: SummaryReasonName;
  /** Whether the request got as many results as it asked for; see {@link CompletionOptions.minResults}. */
  readonly satisfied: boolean;
  /** The number of targets. */
  readonly targetedCount: number;
  /** The number of targets with a final result that is not an error. */
  readonly answeredCount: number;
  /** The number of targets with an error result. */
  readonly failedCount: number;
  /** The number of targets without a final result. */
  readonly missingCount: number;
  /** The time from acceptance to the end, in milliseconds. */
  readonly elapsedMs: number;
  /** The outcome of each target, in the order in which they were asked. */
  readonly outcomes: readonly ProducerOutcome[];
}

/** Converts the message. */
export function summaryOf(message: SummaryMessage): Summary {
  return {
    requestId: message.requestId,
    requester: message.requester,
    topic: message.topic,
    reason: nameOf(SummaryReason, message.reason),
    satisfied: message.satisfied,
    targetedCount: message.targetedCount,
    answeredCount: message.answeredCount,
    failedCount: message.failedCount,
    missingCount: message.missingCount,
    elapsedMs: msFromDuration(message.elapsed),
    outcomes: message.outcomes.map(
      ({ producerId, principal, group, state, latency, resultCount, error }) => ({
        producerId,
        principal,
        group,
        state: nameOf(OutcomeState, state),
        latencyMs: latency && msFromDuration(latency),
        resultCount,
        error: error && { code: error.code, message: error.message },
      }),
    ),
  };
}
