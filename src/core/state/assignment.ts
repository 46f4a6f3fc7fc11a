import type { AssignmentState, Failure, Instant } from "../vocabulary/model.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";

/** One producer's copy of a request, and its state. Fail-over moves it to another producer. */
export class Assignment {
  state: AssignmentState = "WAITING";
  attempt = 1;
  assignedAt: Instant = 0;
  lastResultAt: Instant | undefined = undefined;
  settledAt: Instant | undefined = undefined;
  resultCount = 0;
  failure: Failure | undefined = undefined;
  /** Whether a final answer arrived after the assignment was revoked. */
  isAnsweredLate = false;
  /** Neighbours in the producer's backlog. */
  backlogPrev: Assignment | undefined = undefined;
  backlogNext: Assignment | undefined = undefined;

  /** @param id - unique within the process; fail-over assigns a new one. */
  constructor(
    public id: number,
    readonly request: PendingRequest,
    public producer: ProducerSession,
    readonly group: string,
  ) {}

  /** Whether it is not settled yet. */
  get isOpen(): boolean {
    return this.state === "OUT" || this.state === "WAITING";
  }
}
