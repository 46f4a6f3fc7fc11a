import { status } from "@grpc/grpc-js";
import { Assignment, type AssignmentContext, type SendPartial } from "./assignment.js";
import { DispatcherError } from "./errors.js";
import type { HandlerResult } from "./handler-result.js";
import { isPromiseLike } from "./promise-like.js";
import { decodeRequest, type RequestPayload } from "./request-decoder.js";
import type { WireAssignment } from "./wire-assignment.js";

/**
 * Answers one request: with a value, with bytes, with nothing (null), or by
 * throwing, which becomes an error result and leaves the producer registered.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a handler too
export type Handler = (request: AssignmentContext) => HandlerResult | void | Promise<HandlerResult | void>;

/** Reasons of a revocation after which nobody hears what the handler still says. */
const UNHEARD: ReadonlySet<string> = new Set(["SHUTDOWN", "SESSION_LOST", "CLOSED"]);

/** Where answers go. */
export interface ReplySink {
  /** Sends a result. @throws {DispatcherError} reason UNSERIALIZABLE_VALUE or RESULT_TOO_LARGE; nothing is sent then. */
  reply(assignmentId: string, more: boolean, result: HandlerResult | undefined): void;
  /** Sends an error as the final result. Never throws. */
  fail(assignmentId: string, error: unknown): void;
  /** Resolves once all so far was handed to the stream, or dropped with it. */
  whenSent(): Promise<void>;
}

/** The assignments that a producer owes an answer, or whose handlers are at work on a late one. */
export class Outstanding {
  readonly #handler: Handler;
  readonly #sink: ReplySink;
  /** Those whose handlers answer later; most answer at once, and are never entered here. */
  readonly #assignments = new Map<string, Assignment>();
  /** The one whose handler is being called; nothing arrives meanwhile. */
  #running: Assignment | undefined;
  readonly #sendPartial: SendPartial = (assignment, result) => {
    if (!assignment.isHeard) return Promise.resolve();
    this.#sink.reply(assignment.assignmentId, true, result);
    return this.#sink.whenSent();
  };

  constructor(handler: Handler, sink: ReplySink) {
    this.#handler = handler;
    this.#sink = sink;
  }

  /**
   * Runs the handler; its answer is sent if somebody may hear it. Never throws.
   *
   * @param receivedAt - when the assignment came, on the clock of performance.now.
   */
  assign(wire: WireAssignment, receivedAt: number): void {
    let payload: RequestPayload;
    try {
      payload = decodeRequest(wire.request);
    } catch (cause) {
      this.#sink.fail(wire.assignmentId, undecodable(cause));
      return;
    }
    if (this.#assignments.size > 0) this.#forget(wire.assignmentId);
    const assignment = new Assignment(wire, payload, receivedAt, this.#sendPartial);
    this.#running = assignment;
    this.#run(assignment);
    this.#running = undefined;
  }

  /** Withdraws assignments; unknown ones were answered already. Handlers that go on are remembered until they end. */
  revoke(assignmentIds: readonly string[], reason: DispatcherError): void {
    for (const id of assignmentIds) {
      const assignment = this.#running?.assignmentId === id ? this.#running : this.#assignments.get(id);
      if (assignment === undefined) continue;
      if (UNHEARD.has(reason.reason)) this.#end(assignment);
      assignment.revoke(reason);
    }
  }

  /** Withdraws all. */
  abandon(reason: DispatcherError): void {
    const ids = [...this.#assignments.keys()];
    if (this.#running !== undefined) ids.push(this.#running.assignmentId);
    this.revoke(ids, reason);
  }

  #run(assignment: Assignment): void {
    try {
      const result = this.#handler(assignment);
      if (isPromiseLike(result)) {
        if (assignment.isHeard) this.#assignments.set(assignment.assignmentId, assignment);
        result.then(
          (value) => this.#answer(assignment, value ?? undefined),
          (error: unknown) => this.#fail(assignment, error),
        );
      } else {
        this.#answer(assignment, result ?? undefined);
      }
    } catch (error) {
      this.#fail(assignment, error);
    }
  }

  #answer(assignment: Assignment, result: HandlerResult | undefined): void {
    if (!assignment.isHeard) return;
    try {
      this.#sink.reply(assignment.assignmentId, false, result);
      this.#end(assignment);
    } catch (error) {
      this.#fail(assignment, unsendable(error));
    }
  }

  #fail(assignment: Assignment, error: unknown): void {
    if (!assignment.isHeard) return;
    this.#end(assignment);
    // After a revocation it most often says only that the handler gave up.
    if (!assignment.isRevoked) this.#sink.fail(assignment.assignmentId, error);
  }

  /** Nobody hears of it any more. */
  #end(assignment: Assignment): void {
    assignment.end();
    if (this.#assignments.size > 0 && this.#assignments.get(assignment.assignmentId) === assignment) {
      this.#assignments.delete(assignment.assignmentId);
    }
  }

  /** An id that is assigned anew takes the place of what it meant before. */
  #forget(assignmentId: string): void {
    const assignment = this.#assignments.get(assignmentId);
    if (assignment !== undefined) this.#end(assignment);
  }
}

/** It is the producer's fault, not that of the request. */
function unsendable(error: unknown): DispatcherError {
  const { reason, details } = DispatcherError.from(error);
  if (reason === "RESULT_TOO_LARGE") return DispatcherError.from(error);
  return new DispatcherError({ code: status.INTERNAL, reason: "UNSERIALIZABLE_RESULT", details });
}

function undecodable(cause: unknown): DispatcherError {
  const details = `the request cannot be decoded: ${DispatcherError.from(cause).details}`;
  return new DispatcherError({ code: status.INVALID_ARGUMENT, reason: "UNDECODABLE_REQUEST", details });
}
