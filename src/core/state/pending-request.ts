import { Deadline } from "../tables/deadline-wheel.js";
import { ownBytes } from "../tables/own-bytes.js";
import type { Placed } from "../tables/serial-order.js";
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

/** Maximum number of notes per request; a stream of partial results may be long. */
const MAX_NOTES = 256;

/** Bytes of an assignment beside its payload, id and context: its frame, and the message that it waits in; estimated. */
const ASSIGNMENT_BYTES = 640;

/** Replaces the payload of an ended request. */
const NO_PAYLOAD: Payload = new Uint8Array(0);

/**
 * A request from its acceptance on. As a deadline, it is due at the end of its TTL or at its stall timeout, whichever
 * is earlier.
 *
 * GATHERING: results go to listeners and callers. RUNNING_ON: the callers have their summary, and further results go to
 * the listeners only (loser action LET_RUN). ENDED: only late results are delivered; the request may be remembered.
 */
export class PendingRequest extends Deadline implements RequestRecord, Placed {
  readonly kind = "request";
  phase: "GATHERING" | "RUNNING_ON" | "ENDED" = "GATHERING";
  place = 0;
  readonly assignments: Assignment[] = [];
  /** Sessions of the callers that gather. Replaced, never modified: deliveries refer to the array. */
  callers: readonly SessionKey[] = [];
  /** Number of assignments that are settled. */
  settledCount = 0;
  answeredCount = 0;
  failedCount = 0;
  /** In-time results, partial and final, including errors. */
  resultCount = 0;
  /** In-time results that were errors. */
  errorCount = 0;
  /** Created with the first note; most requests have none. */
  notes: Note[] | undefined = undefined;
  /** Why the gather ended; set before `endedAt` if assignments run on for the listeners. */
  reason: EndReason | undefined = undefined;
  /** The answer to repeated submissions after the gather has ended. */
  summary: Summary | undefined = undefined;
  /** Undefined until the request has ended. */
  endedAt: Instant | undefined = undefined;
  readonly requestId: string;
  readonly deadlineAt: Instant;
  readonly completion: Completion;
  readonly selector: Selector | undefined;
  readonly noProducersAction: NoProducersAction;
  readonly excludeListeners: boolean;
  readonly context: TraceContext;
  payload: Payload;
  /** What each of its assignments takes of its producer's window, in bytes. */
  readonly assignmentCost: number;
  /** Digest of the request's content; "" if the caller chose no id. */
  readonly digest: string;

  /**
   * @param serial - position among all requests of the process.
   * @param topic - the name held by the topic's state if there is one, so that requests share one string per topic.
   * @param acceptance - the answer to the submission.
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
    this.assignmentCost = ASSIGNMENT_BYTES + this.requestId.length + chargedBytes(this.payload, this.context);
    this.digest = submitted.digest;
  }

  /** Itself, as the record that is listed. */
  get record(): RequestRecord {
    return this;
  }

  /** Adds a note; drops it beyond {@link MAX_NOTES}. */
  note(at: Instant, kind: Note["kind"], { producer, attempt }: Assignment): void {
    this.notes ??= [];
    if (this.notes.length < MAX_NOTES)
      this.notes.push({ at, kind, producerId: producer.producerId, attempt });
  }

  /** Whether it waits for a producer to register; no producer has been asked yet. */
  get isHeld(): boolean {
    return this.noProducersAction === "WAIT" && this.assignments.length === 0;
  }

  /** Releases the payload, which no producer will be sent any more. @returns the bytes that the request was charged. */
  dropPayload(): number {
    const bytes = chargedBytes(this.payload, this.context);
    this.payload = NO_PAYLOAD;
    return bytes;
  }
}

/** The bytes of a request that count as pending: its payload and its trace context. */
export function chargedBytes(payload: Payload, context: TraceContext): number {
  let bytes = payload.length;
  for (const [key, value] of context) bytes += key.length + value.length;
  return bytes;
}
