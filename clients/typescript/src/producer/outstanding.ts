import { status } from "@grpc/grpc-js";
import { isPromiseLike } from "../async/promise-like.js";
import type { RecentTexts } from "../codec/recent-texts.js";
import { DispatcherError } from "../errors.js";
import type { WireAssignment } from "../wire/wire-assignment.js";
import { Assignment, type AssignmentContext, type SendPartial } from "./assignment.js";
import type { HandlerResult } from "./handler-result.js";
import { decodeRequest, type RequestPayload } from "./request-decoder.js";

/**
 * Handles one assignment. The return value is the final result; undefined counts as null. An exception becomes an
 * error result, and the producer stays registered.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a handler too
export type Handler = (request: AssignmentContext) => HandlerResult | void | Promise<HandlerResult | void>;

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

/** The assignments whose handlers run: those that the producer owes a result for, and those already revoked. */
export class Outstanding {
  readonly #handler: Handler;
  readonly #sink: ReplySink;
  readonly #texts: RecentTexts;
  /** Assignments whose handlers returned a promise. Most handlers return at once and never get an entry. */
  readonly #assignments = new Map<string, Assignment>();
  /** The assignment whose handler is being called. No other message is read during the call. */
  #running: Assignment | undefined;
  readonly #sendPartial: SendPartial = (assignment, result) => {
    if (!assignment.isOpen) return Promise.resolve();
    this.#sink.reply(assignment.assignmentId, true, result);
    return this.#sink.whenSent();
  };

  constructor(handler: Handler, sink: ReplySink, texts: RecentTexts) {
    this.#texts = texts;
    this.#handler = handler;
    this.#sink = sink;
  }

  /**
   * Runs the handler and sends its result. Never throws.
   *
   * @param receivedAt - when the assignment arrived, on the clock of performance.now.
   */
  assign(wire: WireAssignment, receivedAt: number): void {
    let payload: RequestPayload;
    try {
      payload = decodeRequest(wire.request, this.#texts);
    } catch (cause) {
      this.#sink.fail(wire.assignmentId, undecodable(cause));
      return;
    }
    if (this.#assignments.size > 0) this.#closeEarlier(wire.assignmentId);
    const assignment = new Assignment(wire, payload, receivedAt, this.#sendPartial);
    this.#running = assignment;
    this.#run(assignment);
    this.#running = undefined;
  }

  /** Revokes assignments. Unknown ids are ignored: they have been answered. Keeps track of handlers until they end. */
  revoke(assignmentIds: readonly string[], reason: DispatcherError): void {
    for (const id of assignmentIds) {
      const assignment = this.#running?.assignmentId === id ? this.#running : this.#assignments.get(id);
      if (assignment === undefined) continue;
      if (REASONS_THAT_CLOSE.has(reason.reason)) this.#close(assignment);
      assignment.revoke(reason);
    }
  }

  /** Revokes all assignments. */
  abandon(reason: DispatcherError): void {
    const ids = [...this.#assignments.keys()];
    if (this.#running !== undefined) ids.push(this.#running.assignmentId);
    this.revoke(ids, reason);
  }

  #run(assignment: Assignment): void {
    try {
      const result = this.#handler(assignment);
      if (isPromiseLike(result)) {
        if (assignment.isOpen) this.#assignments.set(assignment.assignmentId, assignment);
        // Promise.resolve makes any thenable settle once, in a later turn, with a value that is no thenable.
        Promise.resolve(result).then(
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
