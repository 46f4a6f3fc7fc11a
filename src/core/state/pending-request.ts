import { Deadline } from "../tables/deadline-wheel.js";
import { ownBytes } from "../tables/own-bytes.js";
import type { RequestSubmitted } from "../vocabulary/input.js";
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
} from "../vocabulary/model.js";
import type { Assignment } from "./assignment.js";
import type { Note, RequestRecord } from "./request-record.js";

/** Notes kept of one request; a stream of partial results may be long. */
const MAX_NOTES = 256;

/** Takes the place of an ended request's payload. */
const NO_PAYLOAD: Payload = new Uint8Array(0);

/**
 * A request from its acceptance on; as a deadline, the end of its TTL or the next stall, whichever comes first.
 *
 * GATHERING: results go to listeners and callers. RUNNING_ON: the callers have their summary, what still arrives goes to
 * the listeners (loser action LET_RUN). ENDED: nothing goes anywhere; kept for a while to be looked up.
 */
export class PendingRequest extends Deadline implements RequestRecord {
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
  /** Made for the first note; most requests have none. */
  notes: Note[] | undefined = undefined;
  /** Why its gather ended; set before `endedAt` if the assignments ran on for the listeners. */
  reason: EndReason | undefined = undefined;
  /** What is told to those that submit it again after its gather has ended. */
  summary: Summary | undefined = undefined;
  /** Set at the end. */
  endedAt: Instant | undefined = undefined;
  readonly requestId: string;
  readonly deadlineAt: Instant;
  readonly completion: Completion;
  readonly selector: Selector | undefined;
  readonly noProducersAction: NoProducersAction;
  readonly excludeListeners: boolean;
  readonly context: TraceContext;
  payload: Payload;
  /** Tells its content from the content of another request; "" if its id is not the caller's. */
  readonly digest: string;

  /**
   * @param serial - position among all requests of the process.
   * @param topic - the topic's own name, where it has state: the name in the message would be kept with every request.
   * @param acceptance - the answer to it.
   */
  constructor(
    readonly serial: number,
    readonly topic: string,
    submitted: RequestSubmitted,
    readonly acceptance: Acceptance,
    readonly acceptedAt: Instant,
  ) {
    super();
    const { spec } = submitted;
    this.requestId = acceptance.requestId;
    this.deadlineAt = acceptance.deadlineAt;
    this.completion = spec.completion;
    this.selector = spec.selector;
    this.noProducersAction =
      spec.noProducersAction === "UNKNOWN_ENUM_VALUE" ? "COMPLETE" : spec.noProducersAction;
    this.excludeListeners = submitted.excludeListeners;
    this.context = submitted.context;
    this.payload = ownBytes(spec.payload);
    this.digest = submitted.digest;
  }

  /** Keeps a note, as long as there are not too many. */
  note(at: Instant, kind: Note["kind"], { producer, attempt }: Assignment): void {
    this.notes ??= [];
    if (this.notes.length < MAX_NOTES)
      this.notes.push({ at, kind, producerId: producer.producerId, attempt });
  }

  /** Whether it still waits for the first producer to be asked. */
  get isHeld(): boolean {
    return this.noProducersAction === "WAIT" && this.assignments.length === 0;
  }

  /** Releases the payload; nobody will be asked any more. @returns how many bytes it had. */
  dropPayload(): number {
    const bytes = this.payload.length;
    this.payload = NO_PAYLOAD;
    return bytes;
  }
}
