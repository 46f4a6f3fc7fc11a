import { status } from "@grpc/grpc-js";
import { Assignment, type AssignmentContext } from "./assignment.js";
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
  readonly #assignments = new Map<string, Assignment>();

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
    const assignment: Assignment = new Assignment(wire, payload, receivedAt, (result) =>
      this.#sendPartial(assignment, result),
    );
    this.#assignments.set(wire.assignmentId, assignment);
    this.#run(assignment);
  }

  /** Withdraws assignments; unknown ones were answered already. Handlers that go on are remembered until they end. */
  revoke(assignmentIds: readonly string[], reason: DispatcherError): void {
    for (const id of assignmentIds) {
      const assignment = this.#assignments.get(id);
      if (UNHEARD.has(reason.reason)) this.#assignments.delete(id);
      assignment?.revoke(reason);
    }
  }

  /** Withdraws all. */
  abandon(reason: DispatcherError): void {
    this.revoke([...this.#assignments.keys()], reason);
  }

  #run(assignment: Assignment): void {
    try {
      const result = this.#handler(assignment);
      if (isPromiseLike(result)) {
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
    if (!this.#isHeard(assignment)) return;
    try {
      this.#sink.reply(assignment.assignmentId, false, result);
      this.#assignments.delete(assignment.assignmentId);
    } catch (error) {
      this.#fail(assignment, unsendable(error));
    }
  }

  #fail(assignment: Assignment, error: unknown): void {
    if (!this.#isHeard(assignment)) return;
    this.#assignments.delete(assignment.assignmentId);
    // After a revocation it most often says only that the handler gave up.
    if (!assignment.isRevoked) this.#sink.fail(assignment.assignmentId, error);
  }

  #sendPartial(assignment: Assignment, result: HandlerResult): Promise<void> {
    if (!this.#isHeard(assignment)) return Promise.resolve();
    this.#sink.reply(assignment.assignmentId, true, result);
    return this.#sink.whenSent();
  }

  #isHeard(assignment: Assignment): boolean {
    return this.#assignments.get(assignment.assignmentId) === assignment;
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
