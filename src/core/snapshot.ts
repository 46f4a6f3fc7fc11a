/**
 * What the core holds, as plain values for people and metrics. No payloads.
 */
import type { State, Totals } from "./state.js";

/** How much is held. All are 0 when every session is closed, every request has ended and every memory has faded. */
export interface Counts {
  readonly topics: number;
  readonly registrations: number;
  readonly producers: number;
  readonly listeners: number;
  readonly callers: number;
  readonly pendingRequests: number;
  readonly pendingBytes: number;
  readonly outstandingAssignments: number;
  readonly waitingAssignments: number;
  readonly retainedDeliveries: number;
  readonly retainedBytes: number;
  readonly rememberedRequestIds: number;
  /** Everything that will happen by itself: requests, heartbeats, and forgetting. */
  readonly deadlines: number;
}

/** What the core holds at one moment. */
export interface Snapshot {
  readonly phase: "OPEN" | "DRAINING" | "CLOSED";
  readonly counts: Counts;
  /** Since the start. */
  readonly totals: Readonly<Totals>;
}

/** Describes the state. */
export function snapshotOf(state: State): Snapshot {
  let outstandingAssignments = 0;
  let waitingAssignments = 0;
  for (const producer of state.producers.values()) {
    outstandingAssignments += producer.outstandingCount;
    waitingAssignments += producer.backlog.size;
  }
  const { producers, listeners } = state;
  return {
    phase: state.phase,
    counts: {
      topics: state.topics.size,
      registrations: state.router.registrationCount,
      producers: producers.size,
      listeners: listeners.size,
      callers: state.sessions.size - producers.size - listeners.size,
      pendingRequests: state.requests.size,
      pendingBytes: state.pendingBytes,
      outstandingAssignments,
      waitingAssignments,
      retainedDeliveries: state.log.size,
      retainedBytes: state.log.byteLength,
      rememberedRequestIds: state.remembered.size,
      deadlines: state.wheel.size,
    },
    totals: { ...state.totals },
  };
}
