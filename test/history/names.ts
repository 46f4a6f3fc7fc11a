/** The contract's enum names, without the values that only the wire needs. */

/** Why a request ended. */
export type SummaryReason =
  | "ALL_ANSWERED"
  | "POLICY_MET"
  | "STALLED"
  | "EXPIRED"
  | "CANCELLED"
  | "NO_PRODUCERS"
  | "SHUTDOWN";

/** The state of an outcome. */
export type OutcomeState =
  | "ANSWERED"
  | "FAILED"
  | "MISSED"
  | "DEPARTED"
  | "SATURATED"
  | "CANCELLED"
  | "LATE"
  | "PENDING";
