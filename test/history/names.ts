/** The contract's enum names, without what is only there for the wire. */

/** Why a request ended. */
export type SummaryReason =
  | "ALL_ANSWERED"
  | "POLICY_MET"
  | "STALLED"
  | "EXPIRED"
  | "CANCELLED"
  | "NO_PRODUCERS"
  | "SHUTDOWN";

/** The fate of one target. */
export type OutcomeState =
  | "ANSWERED"
  | "FAILED"
  | "MISSED"
  | "DEPARTED"
  | "SATURATED"
  | "CANCELLED"
  | "LATE"
  | "PENDING";
