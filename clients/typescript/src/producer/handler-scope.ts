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
/** The assignment whose handler is being called, up to its first await. */
let beingCalled: Assignment | undefined;
/** Number of handlers that have returned a promise. */
let asyncHandlers = 0;

/**
 * Calls a handler so that {@link leaveHandler} recognizes it.
 *
 * Before Node 24, an AsyncLocalStorage that is in use makes every promise of the process slower, by 0.3 us. So a handler
 * whose first call returns at once, as the fast ones do, does without it, until it returns a promise.
 */
export class HandlerCaller {
  readonly #handler: Handler;
  /** Whether a call has returned a promise; undefined before the first call has returned. */
  #isAsync: boolean | undefined;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** Calls the handler. Throws what it throws. */
  call(assignment: Assignment): ReturnType<Handler> {
    const outer = beingCalled;
    beingCalled = assignment;
    try {
      return this.#isAsync === false
        ? this.#handler.call(undefined, assignment)
        : current.run(assignment, this.#handler, assignment);
    } finally {
      beingCalled = outer;
    }
  }

  /** The handler has returned a promise. */
  returnedPromise(): void {
    if (this.#isAsync) return;
    this.#isAsync = true;
    asyncHandlers += 1;
  }

  /** The handler has returned something else. */
  returnedAtOnce(): void {
    if (this.#isAsync !== undefined) return;
    this.#isAsync = false;
    if (asyncHandlers === 0) current.disable();
  }
}

/**
 * Records that the handler which calls this, if any, is about to wait for a close. Nothing that closes waits for this
 * handler then, but its answer is still sent.
 *
 * @returns whether the caller is a handler that has not ended.
 */
export function leaveHandler(): boolean {
  const assignment = beingCalled ?? current.getStore();
  if (assignment === undefined || !assignment.isRunning) return false;
  assignment.leave();
  return true;
}
