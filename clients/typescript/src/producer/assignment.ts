import type { DispatcherError } from "../errors.js";
import type { Json } from "../json/json.js";
import type { WireAssignment } from "../wire/wire-assignment.js";
import type { HandlerResult } from "./handler-result.js";
import type { RequestPayload } from "./request-decoder.js";

/**
 * An assignment as the producer's handler sees it: the request, its deadline, and the means to send partial results.
 */
export interface AssignmentContext {
  /** The topic of the request. Always without wildcards, also if the producer registered a pattern. */
  readonly topic: string;
  /** The request's id; the same for all producers that are asked. */
  readonly requestId: string;
  /** The principal whose request it is, as the server authenticated it; empty if the requester is anonymous. */
  readonly requester: string;
  /** The id of this producer's copy of the request. */
  readonly assignmentId: string;
  /** 1 for the first member of the group that is asked; one more each time a member departs without an answer. */
  readonly attempt: number;
  /** Positional arguments; empty if the requester sent none. */
  readonly args: readonly Json[];
  /** Keyword arguments; empty if the requester sent none. */
  readonly kwargs: Readonly<Record<string, Json>>;
  /**
   * Opaque payload; empty if the requester sent none. A view of the received message: copy the bytes to keep
   * them, since the view keeps the whole message in memory.
   */
  readonly data: Uint8Array;
  /** Media type of `data`; not checked, may be empty. */
  readonly contentType: string;
  /** The requester's attributes; empty if it sent none. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Trace context; empty if the requester sent none. */
  readonly context: Readonly<Record<string, string>>;
  /**
   * Fires when the assignment is revoked. `signal.reason` is a DispatcherError whose reason is EXPIRED, COMPLETED
   * (the gather ended early), REQUESTED (the request was cancelled), CALLER_GONE, SHUTDOWN, SESSION_LOST, or
   * CLOSED (the grace period of this producer's `close` ended).
   *
   * After the signal fires, a handler that throws sends nothing. A result that it still returns or sends after
   * EXPIRED, COMPLETED, REQUESTED or CALLER_GONE gets the disposition LATE or CANCELLED and reaches only listeners
   * with `includeLate`. After SHUTDOWN, SESSION_LOST or CLOSED, results are dropped.
   */
  readonly signal: AbortSignal;
  /** The rest of the TTL in milliseconds, by the local monotonic clock; 0 once the TTL has passed. */
  remainingMs(): number;
  /**
   * Sends a partial result. The handler's return value follows as the final result.
   *
   * @returns a promise that resolves when the result is written to the stream, and never rejects. Await it:
   * results that are not awaited accumulate in memory.
   * @throws {DispatcherError} INVALID_ARGUMENT, reason UNSERIALIZABLE_VALUE, with the path of the value that JSON
   * cannot represent; RESOURCE_EXHAUSTED, reason RESULT_TOO_LARGE, if the result exceeds the server's message limit.
   */
  send(result: HandlerResult): Promise<void>;
}

/** What an assignment needs of the producer. */
export interface AssignmentOwner {
  /** Sends a partial result of an assignment. Drops the result if the assignment is closed. */
  sendPartial(assignment: Assignment, result: HandlerResult): Promise<void>;
  /** The handler of an assignment waits for a close. */
  left(): void;
}

/** An assignment whose handler runs. */
export class Assignment implements AssignmentContext {
  readonly topic: string;
  readonly requestId: string;
  readonly requester: string;
  readonly assignmentId: string;
  readonly attempt: number;
  readonly args: readonly Json[];
  readonly kwargs: Readonly<Record<string, Json>>;
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, string>>;
  #isOpen = true;
  readonly #expiresAt: number;
  readonly #owner: AssignmentOwner;
  #isRunning = true;
  #hasLeft = false;
  #remainingMs: (() => number) | undefined;
  #send: ((result: HandlerResult) => Promise<void>) | undefined;
  // Created on first access: an AbortController costs more than a whole reply, and most handlers never use it.
  #controller: AbortController | undefined;
  #revocation: DispatcherError | undefined;

  /**
   * @param assignment - the dispatcher's part of the message.
   * @param payload - the requester's part of the message.
   * @param receivedAt - when the message arrived, on the clock of performance.now.
   * @param owner - the producer's assignments.
   */
  constructor(
    assignment: WireAssignment,
    payload: RequestPayload,
    receivedAt: number,
    owner: AssignmentOwner,
  ) {
    this.topic = payload.topic;
    this.requestId = assignment.requestId;
    this.requester = assignment.requester;
    this.assignmentId = assignment.assignmentId;
    this.attempt = assignment.attempt;
    this.args = payload.args;
    this.kwargs = payload.kwargs;
    this.data = payload.data;
    this.contentType = payload.contentType;
    this.attributes = payload.attributes;
    this.context = assignment.context;
    this.#expiresAt = receivedAt + assignment.ttlMs;
    this.#owner = owner;
  }

  // `remainingMs` and `send` are bound functions, because handlers destructure the context. They are created on first
  // access, because most handlers use neither.
  get remainingMs(): () => number {
    this.#remainingMs ??= () => Math.max(0, this.#expiresAt - performance.now());
    return this.#remainingMs;
  }

  get send(): (result: HandlerResult) => Promise<void> {
    this.#send ??= (result) => this.#owner.sendPartial(this, result);
    return this.#send;
  }

  /** Whether the handler's results are still sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#revocation !== undefined) this.#controller.abort(this.#revocation);
    }
    return this.#controller.signal;
  }

  /** Whether the dispatcher, or this library, has revoked the assignment. */
  get isRevoked(): boolean {
    return this.#revocation !== undefined;
  }

  /** Whether the handler has not ended. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether the handler waits for a close, so that the close must not wait for the handler. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** The handler waits for a close. */
  leave(): void {
    this.#hasLeft = true;
    this.#owner.left();
  }

  /** The handler has ended. */
  ended(): void {
    this.#isRunning = false;
  }

  /** Drops all further results of the handler. */
  close(): void {
    this.#isOpen = false;
  }

  /** Fires the signal. Only the first reason counts. */
  revoke(reason: DispatcherError): void {
    this.#revocation ??= reason;
    this.#controller?.abort(reason);
  }
}
