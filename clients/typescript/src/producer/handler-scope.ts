// A handler that closes its own producer, or its client, and waits for that would wait for itself. So the code of a
// handler, also after an await, has to be told apart from any other code.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Assignment, AssignmentContext } from "./assignment.js";
import type { HandlerResult } from "./handler-result.js";

/**
 * Handles one assignment. The return value is the final result; undefined counts as null. An exception becomes an
 * error result, and the producer stays registered.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a handler too
export type Handler = (request: AssignmentContext) => HandlerResult | void | Promise<HandlerResult | void>;

const current = new AsyncLocalStorage<Assignment>();

/** Calls the handler so that {@link leaveHandler} recognizes it. */
export function callHandler(handler: Handler, assignment: Assignment): ReturnType<Handler> {
  return current.run(assignment, handler, assignment);
}

/**
 * Records that the handler which calls this, if any, is about to wait for a close. Nothing that closes waits for this
 * handler then, but its answer is still sent.
 *
 * @returns whether the caller is a handler that has not ended.
 */
export function leaveHandler(): boolean {
  const assignment = current.getStore();
  if (assignment === undefined || !assignment.isRunning) return false;
  assignment.leave();
  return true;
}
