import type { Assignment } from "./assignment.js";
import { Deadline } from "./deadline-wheel.js";
import type {
  Acceptance,
  Completion,
  EndReason,
  Instant,
  NoProducersAction,
  Payload,
  Selector,
  SessionKey,
  Summary,
  TraceContext,
} from "./model.js";

/** Something in a request's life that its assignments do not tell by themselves. */
export interface Note {
  readonly at: Instant;
  readonly kind: "QUEUED" | "PARTIAL" | "LATE" | "ASSIGNED" | "DEPARTED";
  readonly producerId: string;
  readonly attempt: number;
}

/** Notes kept of one request at the most; a stream of partial results may be long. */
const MOST_NOTES = 256;

/** What an ended request's payload is replaced by. */
export const NO_PAYLOAD: Payload = new Uint8Array(0);

/**
 * A request from its acceptance on; as a deadline, the end of its TTL or the next stall, whichever comes first.
 *
 * GATHERING: results go to listeners and callers. RUNNING_ON: the callers have their summary, what still arrives goes to
 * the listeners (loser action LET_RUN). ENDED: nothing goes anywhere; kept for a while to be looked up.
 */
export class PendingRequest extends Deadline {
  readonly kind = "request";
  phase: "GATHERING" | "RUNNING_ON" | "ENDED" = "GATHERING";
  readonly assignments: Assignment[] = [];
  /** Who gathers. Replaced, never changed: deliveries refer to it. */
  callers: readonly SessionKey[] = [];
  /** Assignments of which nothing more will come. */
  settledCount = 0;
  answeredCount = 0;
  failedCount = 0;
  /** Results in time, partial and final, with errors. */
  resultCount = 0;
  /** Those of them that were errors. */
  errorCount = 0;
  /** Made when there is something to note; most requests have nothing. */
  notes: Note[] | undefined = undefined;
  /** Why the callers got their summary while the rest ran on. */
  earlyReason: EndReason | undefined = undefined;
  /** What the callers were told; set when the gather ends, and anew at the end of what ran on. */
  summary: Summary | undefined = undefined;
  /** Set at the end. */
  endedAt: Instant | undefined = undefined;

  constructor(
    /** Position among all requests of the process. */
    readonly serial: number,
    readonly requestId: string,
    readonly topic: string,
    readonly acceptedAt: Instant,
    readonly deadlineAt: Instant,
    readonly completion: Completion,
    readonly selector: Selector | undefined,
    readonly noProducersAction: NoProducersAction,
    readonly excludeListeners: boolean,
    readonly context: TraceContext,
    public payload: Payload,
    /** Tells its content from another one's; "" if its id is not the caller's. */
    readonly digest: string,
    /** What it was answered. */
    readonly acceptance: Acceptance,
  ) {
    super();
  }

  /** Keeps a note, as long as there are not too many. */
  note(at: Instant, kind: Note["kind"], { producer, attempt }: Assignment): void {
    this.notes ??= [];
    if (this.notes.length < MOST_NOTES)
      this.notes.push({ at, kind, producerId: producer.producerId, attempt });
  }

  /** Whether it still waits for the first producer to be asked. */
  get isHeld(): boolean {
    return this.noProducersAction === "WAIT" && this.assignments.length === 0;
  }

  /** Lets go of the bytes; nobody will be asked any more. @returns how many they were. */
  dropPayload(): number {
    const bytes = this.payload.length;
    this.payload = NO_PAYLOAD;
    return bytes;
  }
}
