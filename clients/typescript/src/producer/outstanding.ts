import { status } from "@grpc/grpc-js";
import { isPromiseLike } from "../async/promise-like.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { DispatcherError } from "../errors.js";
import type { WireAssignment } from "../wire/wire-assignment.js";
import { Assignment, type AssignmentOwner } from "./assignment.js";
import type { HandlerResult } from "./handler-result.js";
import { type Handler, HandlerCaller } from "./handler-scope.js";
import { decodeRequest, type RequestPayload } from "./request-decoder.js";

/** Reasons of a revocation after which results of the handler are dropped. */
const REASONS_THAT_CLOSE: ReadonlySet<string> = new Set(["SHUTDOWN", "SESSION_LOST", "CLOSED"]);

/** Sends the replies of handlers. */
export interface ReplySink {
  /**
   * Sends a result.
   *
   * @throws {DispatcherError} reason UNSERIALIZABLE_VALUE or RESULT_TOO_LARGE; then nothing is sent.
   */
  reply(assignmentId: string, more: boolean, result: HandlerResult | undefined): void;
  /** Sends an error as the final result. Never throws. */
  fail(assignmentId: string, error: unknown): void;
  /** Resolves when all replies so far are written to the stream, or dropped with it. */
  whenSent(): Promise<void>;
}

/** An assignment that waits until a handler may run. */
interface WaitingAssignment {
  readonly wire: WireAssignment;
  readonly receivedAt: number;
}

/**
 * The assignments of a producer, and the handlers that run for them.
 *
 * The server counts an assignment as outstanding until its TTL ends; its handler may run for longer, also beyond the
 * session. So this class counts the handlers itself: an assignment that arrives while all slots are busy waits here
 * until a handler ends. If it is revoked or its TTL ends first, it is dropped without an answer.
 */
export class Outstanding {
  readonly #handler: HandlerCaller;
  readonly #sink: ReplySink;
  readonly #texts: RecentTexts;
  /** Assignments whose handlers returned a promise. Most handlers return at once and never get an entry. */
  readonly #assignments = new Map<string, Assignment>();
  /** Assignments for which no handler may run yet, in order. The server's window bounds their number. */
  readonly #waiting = new Map<string, WaitingAssignment>();
  /** The number of handlers that returned a promise which has not settled. */
  #busyCount = 0;
  #limit = Number.POSITIVE_INFINITY;
  /** The assignment whose handler is being called. No other message is read during the call. */
  #running: Assignment | undefined;
  /** Called when every assignment is answered, apart from those whose handlers wait for that. */
  readonly #idleWaiters: (() => void)[] = [];
  readonly #owner: AssignmentOwner = {
    sendPartial: (assignment, result) => {
      if (!assignment.isOpen) return Promise.resolve();
      this.#sink.reply(assignment.assignmentId, true, result);
      return this.#sink.whenSent();
    },
    left: () => this.#announceIdle(),
  };

  constructor(handler: Handler, sink: ReplySink, texts: RecentTexts) {
    this.#texts = texts;
    this.#handler = new HandlerCaller(handler);
    this.#sink = sink;
  }

  /** @param limit - how many handlers may run at a time. Running ones are not affected. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#startWaiting();
  }

  /**
   * Runs the handler and sends its result, as soon as a handler may run. Never throws.
   *
   * @param receivedAt - when the assignment arrived, on the clock of performance.now.
   */
  assign(wire: WireAssignment, receivedAt: number): void {
    if (this.#busyCount < this.#limit) this.#start(wire, receivedAt);
    else this.#waiting.set(wire.assignmentId, { wire, receivedAt });
  }

  #startWaiting(): void {
    for (const [id, { wire, receivedAt }] of this.#waiting) {
      if (this.#busyCount >= this.#limit) return;
      this.#waiting.delete(id);
      if (performance.now() < receivedAt + wire.ttlMs) this.#start(wire, receivedAt);
    }
  }

  #start(wire: WireAssignment, receivedAt: number): void {
    let payload: RequestPayload;
    try {
      payload = decodeRequest(wire.request, this.#texts);
    } catch (cause) {
      this.#sink.fail(wire.assignmentId, undecodable(cause));
      return;
    }
    if (this.#assignments.size > 0) this.#closeEarlier(wire.assignmentId);
    const assignment = new Assignment(wire, payload, receivedAt, this.#owner);
    // A handler that raises the concurrency starts others while it runs.
    const outer = this.#running;
    this.#running = assignment;
    this.#run(assignment);
    this.#running = outer;
  }

  /** Revokes assignments. Unknown ids are ignored: they have been answered. Keeps track of handlers until they end. */
  revoke(assignmentIds: readonly string[], reason: DispatcherError): void {
    for (const id of assignmentIds) {
      if (this.#waiting.delete(id)) this.#announceIdle();
      const assignment = this.#running?.assignmentId === id ? this.#running : this.#assignments.get(id);
      if (assignment === undefined) continue;
      if (REASONS_THAT_CLOSE.has(reason.reason)) this.#close(assignment);
      assignment.revoke(reason);
    }
  }

  /** Resolves when all assignments are answered, apart from those whose handlers wait for a close themselves. */
  whenOthersAnswered(): Promise<void> {
    return new Promise((resolve) => {
      // In a later turn, when the assignments of the present message have started.
      setImmediate(() => {
        this.#idleWaiters.push(resolve);
        this.#announceIdle();
      });
    });
  }

  /** Revokes all assignments. */
  abandon(reason: DispatcherError): void {
    const ids = [...this.#assignments.keys(), ...this.#waiting.keys()];
    if (this.#running !== undefined) ids.push(this.#running.assignmentId);
    this.revoke(ids, reason);
  }

  #run(assignment: Assignment): void {
    try {
      const result = this.#handler.call(assignment);
      if (isPromiseLike(result)) {
        if (assignment.isOpen) this.#assignments.set(assignment.assignmentId, assignment);
        // Promise.resolve makes any thenable settle once, in a later turn, with a value that is no thenable.
        const settled = Promise.resolve(result);
        this.#busyCount += 1;
        this.#handler.returnedPromise();
        settled.then(
          (value) => {
            this.#answer(assignment, value ?? undefined);
            this.#ended(assignment);
          },
          (error: unknown) => {
            this.#fail(assignment, error);
            this.#ended(assignment);
          },
        );
      } else {
        this.#handler.returnedAtOnce();
        assignment.ended();
        this.#answer(assignment, result ?? undefined);
      }
    } catch (error) {
      assignment.ended();
      this.#fail(assignment, error);
    }
  }

  /** A handler that ran for a while has ended. */
  #ended(assignment: Assignment): void {
    assignment.ended();
    this.#busyCount -= 1;
    if (this.#waiting.size > 0) this.#startWaiting();
  }

  #answer(assignment: Assignment, result: HandlerResult | undefined): void {
    if (!assignment.isOpen) return;
    try {
      this.#sink.reply(assignment.assignmentId, false, result);
      this.#close(assignment);
    } catch (error) {
      this.#fail(assignment, unsendable(error));
    }
  }

  #fail(assignment: Assignment, error: unknown): void {
    if (!assignment.isOpen) return;
    this.#close(assignment);
    // After a revocation, an exception mostly means that the handler stopped because of it.
    if (!assignment.isRevoked) this.#sink.fail(assignment.assignmentId, error);
  }

  /** Closes an assignment and forgets it. */
  #close(assignment: Assignment): void {
    assignment.close();
    if (this.#assignments.size > 0 && this.#assignments.get(assignment.assignmentId) === assignment) {
      this.#assignments.delete(assignment.assignmentId);
    }
    if (this.#idleWaiters.length > 0) this.#announceIdle();
  }

  #announceIdle(): void {
    if (this.#waiting.size > 0) return;
    for (const { hasLeft } of this.#assignments.values()) if (!hasLeft) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Closes an earlier assignment with the same id, which the new one replaces. */
  #closeEarlier(assignmentId: string): void {
    const assignment = this.#assignments.get(assignmentId);
    if (assignment !== undefined) this.#close(assignment);
  }
}

/**
 * Turns the INVALID_ARGUMENT of an unserializable result into INTERNAL: the producer is at fault, not the requester.
 */
function unsendable(error: unknown): DispatcherError {
  const { reason, details } = DispatcherError.from(error);
  if (reason === "RESULT_TOO_LARGE") return DispatcherError.from(error);
  return new DispatcherError({ code: status.INTERNAL, reason: "UNSERIALIZABLE_RESULT", details });
}

function undecodable(cause: unknown): DispatcherError {
  const details = `the request cannot be decoded: ${DispatcherError.from(cause).details}`;
  return new DispatcherError({ code: status.INVALID_ARGUMENT, reason: "UNDECODABLE_REQUEST", details });
}
