import { Deadline } from "../tables/deadline-wheel.js";
import type { Account } from "../tables/ledger.js";
import { ListedSet } from "../tables/listed-set.js";
import type { Placed } from "../tables/serial-order.js";
import { identityOf } from "../vocabulary/identity.js";
import type { RequestSubmitted } from "../vocabulary/input.js";
import {
  type Acceptance,
  type Completion,
  type EndReason,
  type Instant,
  MIN_SHARED_BYTES,
  NO_CONTEXT,
  NO_SESSIONS,
  type NoProducersAction,
  type Payload,
  type Selector,
  type SessionKey,
  type Summary,
  type TraceContext,
} from "../vocabulary/model.js";
import { ownBytes } from "../vocabulary/own-bytes.js";
import type { Assignment } from "./assignment.js";
import { contentBytes, contextBytes, NOTE_BYTES } from "./costs.js";
import type { Note, RequestRecord } from "./request-record.js";

/** Maximum number of notes per request; a stream of partial results may be long. */
const MAX_NOTES = 256;

/** Bytes of an assignment beside its payload, id and context: its frame, and the message that it waits in; estimated. */
const SENT_BYTES = 640;

/** Number of callers up to which a list of them is copied with each change; most requests have one. */
const MAX_FEW_CALLERS = 16;

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
  /** Sessions of the callers that gather, if they are few. Replaced, never modified: deliveries refer to the array. */
  private fewCallers: readonly SessionKey[] = NO_SESSIONS;
  /** The same if they are many. */
  private manyCallers: ListedSet<SessionKey> | undefined = undefined;
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
  /** The answer to repeated submissions while assignments run on for the listeners. */
  summary: Summary | undefined = undefined;
  /** The peer to which it is charged; undefined before and after. */
  account: Account | undefined = undefined;
  /** Bytes that are charged for it. */
  private heldBytes = 0;
  /** Maximum number of notes. */
  maxNotes = MAX_NOTES;
  /** Undefined until the request has ended. */
  endedAt: Instant | undefined = undefined;
  readonly requestId: string;
  readonly requester: string;
  /** Under which it is kept: its requester with its id. */
  readonly identity: string;
  readonly deadlineAt: Instant;
  readonly completion: Completion;
  /** Undefined after the end. */
  selector: Selector | undefined;
  readonly noProducersAction: NoProducersAction;
  readonly excludeListeners: boolean;
  /** Empty after the end. */
  context: TraceContext;
  /** Empty once no producer will be sent it any more. */
  payload: Payload;
  /** Size of payload, context and selector at the beginning, in bytes. */
  readonly contentBytes: number;
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
    this.requester = submitted.principal ?? "";
    this.identity = identityOf(this.requester, this.requestId);
    this.deadlineAt = acceptance.deadlineAt;
    this.completion = spec.completion;
    this.selector = spec.selector;
    this.noProducersAction =
      spec.noProducersAction === "UNKNOWN_ENUM_VALUE" ? "COMPLETE" : spec.noProducersAction;
    this.excludeListeners = submitted.excludeListeners;
    this.context = submitted.context;
    this.payload = spec.payload.length < MIN_SHARED_BYTES ? spec.payload : ownBytes(spec.payload);
    this.contentBytes = contentBytes(this);
    this.assignmentCost =
      SENT_BYTES + this.identity.length + this.payload.length + contextBytes(this.context);
    this.digest = submitted.digest;
  }

  /** Itself, as the record that is listed. */
  get record(): RequestRecord {
    return this;
  }

  /** Sessions of the callers that gather. The array is never modified. */
  get callers(): readonly SessionKey[] {
    return this.manyCallers === undefined ? this.fewCallers : this.manyCallers.list;
  }

  /** Whether a caller gathers. */
  get hasCallers(): boolean {
    return this.manyCallers === undefined ? this.fewCallers.length > 0 : this.manyCallers.size > 0;
  }

  addCaller(key: SessionKey): void {
    if (this.manyCallers) this.manyCallers.add(key);
    else if (this.fewCallers.length < MAX_FEW_CALLERS) this.fewCallers = [...this.fewCallers, key];
    else this.manyCallers = new ListedSet([...this.fewCallers, key]);
  }

  removeCaller(key: SessionKey): void {
    if (this.manyCallers) this.manyCallers.delete(key);
    else this.fewCallers = this.fewCallers.filter((other) => other !== key);
  }

  /** Removes all callers. @returns them. */
  takeCallers(): readonly SessionKey[] {
    const { callers } = this;
    this.fewCallers = NO_SESSIONS;
    this.manyCallers = undefined;
    return callers;
  }

  /** Charges it to the peer of its caller. */
  chargeTo(account: Account, bytes: number): void {
    this.account = account;
    account.add("requests");
    account.pendingBytes += this.contentBytes;
    this.charge(bytes);
  }

  /** Charges further bytes to the same peer; after the end, its record is charged for the request. */
  charge(bytes: number): void {
    if (!this.account) return;
    this.heldBytes += bytes;
    this.account.charge(bytes);
  }

  /** Releases it. */
  release(): void {
    const { account } = this;
    this.account = undefined;
    if (!account) return;
    account.pendingBytes -= this.contentBytes;
    account.release(this.heldBytes);
    account.remove("requests");
  }

  /** Adds a note; drops it beyond the maximum. */
  note(at: Instant, kind: Note["kind"], { producer, attempt }: Assignment): void {
    if (this.maxNotes === 0) return;
    this.notes ??= [];
    if (this.notes.length >= this.maxNotes) return;
    this.notes.push({ at, kind, producerId: producer.producerId, principal: producer.principal, attempt });
    this.charge(NOTE_BYTES);
  }

  /** Whether it waits for a producer to register; no producer has been asked yet. */
  get isHeld(): boolean {
    return this.noProducersAction === "WAIT" && this.assignments.length === 0;
  }

  /**
   * Keeps the payload if a producer may be sent it later, and drops it if not. Call it when the request is scattered.
   *
   * The natural way is to copy every payload out of the message in which it came. But most payloads are encoded for their
   * producers at once and are never needed again, and a copy of 128 bytes costs as much as its encoding. What waits for
   * the producers is charged to them, so the payload is released here.
   */
  keepPayload(): void {
    const { length } = this.payload;
    if (this.mayBeSentLater()) {
      if (length < MIN_SHARED_BYTES) this.payload = ownBytes(this.payload);
      return;
    }
    this.payload = NO_PAYLOAD;
    if (!this.account) return;
    this.heldBytes -= length;
    this.account.release(length);
  }

  private mayBeSentLater(): boolean {
    if (this.assignments.length === 0) return true;
    for (const { state, group } of this.assignments) if (state !== "OUT" || group !== "") return true;
    return false;
  }

  /** Drops what no producer will be sent any more: payload, context and selector. Few more notes can follow. */
  dropContent(): void {
    this.maxNotes = Math.min(MAX_NOTES, (this.notes?.length ?? 0) + this.assignments.length);
    this.payload = NO_PAYLOAD;
    this.context = NO_CONTEXT;
    this.selector = undefined;
  }

  /** Drops what only its record shows. A producer that may still answer late refers to the rest. */
  dropRecord(): void {
    this.maxNotes = 0;
    this.assignments.length = 0;
    this.notes = undefined;
  }
}
