import type { DispatcherError } from "./errors.js";
import type { HandlerResult } from "./handler-result.js";
import type { Json } from "./json.js";
import type { RequestPayload } from "./request-decoder.js";
import type { WireAssignment } from "./wire-assignment.js";

/** One request as its producer's handler sees it. */
export interface AssignmentContext {
  /** The topic that was asked; with a registered pattern, the concrete one. */
  readonly topic: string;
  /** The request; the same for all producers that were asked. */
  readonly requestId: string;
  /** This producer's copy of the request. */
  readonly assignmentId: string;
  /** From 1; more after another member of the group departed with the work undone. */
  readonly attempt: number;
  /** Positional arguments. */
  readonly args: readonly Json[];
  /** Keyword arguments. */
  readonly kwargs: Readonly<Record<string, Json>>;
  /** Opaque payload; empty if there is none. A view of the received message: copy it to keep it for long. */
  readonly data: Uint8Array;
  /** Media type of `data`; free text, may be empty. */
  readonly contentType: string;
  /** The requester's annotations. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Trace context; empty if the requester sent none. */
  readonly context: Readonly<Record<string, string>>;
  /**
   * Fires when the result is wanted no longer. Its `reason` is a DispatcherError
   * whose reason is EXPIRED, COMPLETED (the gather ended early), REQUESTED
   * (cancelled), CALLER_GONE, SHUTDOWN, SESSION_LOST, or CLOSED (the producer's
   * own close ran out of grace).
   *
   * A handler that gives up throws, and nothing is sent. What it still returns or
   * sends after the first four is disposed as LATE or CANCELLED, and heard only by
   * listeners that include late results; after the others it goes nowhere.
   */
  readonly signal: AbortSignal;
  /** Milliseconds left of the TTL, by the local monotonic clock; 0 when over. */
  remainingMs(): number;
  /**
   * Sends a partial result; the returned one follows it as the final one.
   *
   * @returns resolves once it was handed to the stream; await it, so that many
   * results do not pile up here. Never rejects.
   * @throws {DispatcherError} INVALID_ARGUMENT, reason UNSERIALIZABLE_VALUE, with the path of what JSON cannot say;
   * RESOURCE_EXHAUSTED, reason RESULT_TOO_LARGE, beyond the server's message limit.
   */
  send(result: HandlerResult): Promise<void>;
}

/** Sends a partial result of an assignment; without effect on one that is not heard. */
export type SendPartial = (assignment: Assignment, result: HandlerResult) => Promise<void>;

/** One assignment at work; {@link revoke} ends it early. */
export class Assignment implements AssignmentContext {
  readonly topic: string;
  readonly requestId: string;
  readonly assignmentId: string;
  readonly attempt: number;
  readonly args: readonly Json[];
  readonly kwargs: Readonly<Record<string, Json>>;
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, string>>;
  #isHeard = true;
  readonly #expiresAt: number;
  readonly #sendPartial: SendPartial;
  #remainingMs: (() => number) | undefined;
  #send: ((result: HandlerResult) => Promise<void>) | undefined;
  // Made at the first look: most handlers never look, and a controller costs more than a reply.
  #controller: AbortController | undefined;
  #revocation: DispatcherError | undefined;

  /**
   * @param assignment - what the dispatcher said.
   * @param payload - what the requester said.
   * @param receivedAt - when it came, on the clock of performance.now.
   * @param sendPartial - sends a partial result of this assignment.
   */
  constructor(
    assignment: WireAssignment,
    payload: RequestPayload,
    receivedAt: number,
    sendPartial: SendPartial,
  ) {
    this.topic = payload.topic;
    this.requestId = assignment.requestId;
    this.assignmentId = assignment.assignmentId;
    this.attempt = assignment.attempt;
    this.args = payload.args;
    this.kwargs = payload.kwargs;
    this.data = payload.data;
    this.contentType = payload.contentType;
    this.attributes = payload.attributes;
    this.context = assignment.context;
    this.#expiresAt = receivedAt + assignment.ttlMs;
    this.#sendPartial = sendPartial;
  }

  // Functions of their own, because handlers take the request apart in their parameters; made when they are looked at.
  get remainingMs(): () => number {
    this.#remainingMs ??= () => Math.max(0, this.#expiresAt - performance.now());
    return this.#remainingMs;
  }

  get send(): (result: HandlerResult) => Promise<void> {
    this.#send ??= (result) => this.#sendPartial(this, result);
    return this.#send;
  }

  /** Whether what its handler says still goes anywhere. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#revocation !== undefined) this.#controller.abort(this.#revocation);
    }
    return this.#controller.signal;
  }

  /** Whether its result is wanted no longer. */
  get isRevoked(): boolean {
    return this.#revocation !== undefined;
  }

  /** Nobody hears its handler any more. */
  end(): void {
    this.#isHeard = false;
  }

  /** Fires the signal; the first reason holds. */
  revoke(reason: DispatcherError): void {
    this.#revocation ??= reason;
    this.#controller?.abort(reason);
  }
}
