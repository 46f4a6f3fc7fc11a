import type { State } from "../state/state.js";
import type { Snapshot } from "../vocabulary/views.js";

/** Counts the current state. */
export function snapshotOf(state: State): Snapshot {
  let outstandingAssignments = 0;
  let waitingAssignments = 0;
  for (const producer of state.producers.values()) {
    outstandingAssignments += producer.outstandingCount;
    waitingAssignments += producer.backlog.size;
  }
  const { producers, listeners, openings } = state;
  const listenerCount = listeners.size + openings.size;
  return {
    phase: state.phase,
    counts: {
      topics: state.topics.size,
      registrations: state.router.registrationCount,
      producers: producers.size,
      listeners: listenerCount,
      callers: state.sessions.size - producers.size - listenerCount,
      pendingRequests: state.requests.size,
      pendingBytes: state.pendingBytes,
      outstandingAssignments,
      waitingAssignments,
      retainedDeliveries: state.log.size,
      retainedBytes: state.log.byteLength,
      rememberedRequestIds: state.remembered.size,
      deadlines: state.wheel.size,
    },
    held: {
      peerBytes: state.ledger.heldBytes - state.ledger.common.heldBytes,
      commonBytes: state.ledger.common.heldBytes,
      peers: state.ledger.size,
    },
    totals: { ...state.totals },
  };
}
