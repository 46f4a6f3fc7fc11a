/**
 * A line for each request that a producer is done with: answered in time, late, failed or revoked.
 *
 * Whether an answer was in time only the dispatcher knows, so the line waits for its word.
 */
import {
  type AssignmentContext,
  DispatcherError,
  type Handler,
  type ProducerOptions,
} from "ate-dispatcher-client";
import { harmless, type Output } from "./output.js";
import { ms } from "./render.js";

/** Tells what becomes of a producer's work. */
export interface WorkLog {
  /** Wraps a handler so that its outcomes are noticed. */
  watch(handler: Handler): Handler;
  /** Takes the dispatcher's word on an answer. */
  readonly onDisposition: NonNullable<ProducerOptions["onDisposition"]>;
}

type Fate = keyof typeof COLOURS;

const COLOURS = {
  answered: "green",
  failed: "red",
  late: "yellow",
  revoked: "yellow",
  refused: "red",
} as const;

interface Done {
  readonly topic: string;
  readonly requestId: string;
  readonly assignmentId: string;
  readonly elapsedMs: number;
  /** Why it failed; undefined if it did not. */
  readonly failure: string | undefined;
}

/** Answers without the dispatcher's word; more of them means that the connection was lost in between. */
const MAX_WAITING = 10_000;

/** Makes the log of a producer. Lines are left out while the reader of the output is behind. */
export function createWorkLog(output: Output): WorkLog {
  const waiting = new Map<string, Done>();
  let leftOut = 0;
  return {
    watch: (handler) => async (assignment) => {
      const beganAt = performance.now();
      const done = (failure?: string) => doneWith(assignment, performance.now() - beganAt, failure);
      try {
        const result = await handler(assignment);
        wait(done());
        return result;
      } catch (error) {
        const { reason, details } = DispatcherError.from(error);
        if (assignment.signal.aborted) tell(done(reason), "revoked");
        else wait(done(details));
        throw error;
      }
    },
    onDisposition(assignmentId, state) {
      const done = waiting.get(assignmentId);
      if (!done) return;
      waiting.delete(assignmentId);
      if (state === "ACCEPTED") tell(done, done.failure === undefined ? "answered" : "failed");
      else if (state === "LATE") tell(done, "late");
      else tell({ ...done, failure: state }, "refused");
    },
  };

  function wait(done: Done): void {
    waiting.set(done.assignmentId, done);
    if (waiting.size <= MAX_WAITING) return;
    for (const oldest of waiting.keys()) {
      waiting.delete(oldest);
      break;
    }
  }

  function tell(done: Done, fate: Fate): void {
    if (output.isBehind) {
      leftOut++;
      return;
    }
    if (leftOut > 0) output.warn(`${leftOut} requests are not shown: the output was not read fast enough`);
    leftOut = 0;
    void output.result(eventOf(done, fate), () => {
      const reason = done.failure === undefined ? "" : `  ${harmless(done.failure)}`;
      const shown = output.paint(COLOURS[fate], fate.padEnd(8));
      return `${done.topic}  ${done.requestId}  ${shown}  ${ms(done.elapsedMs).padStart(9)}${reason}`;
    });
  }
}

function doneWith(assignment: AssignmentContext, elapsedMs: number, failure: string | undefined): Done {
  const { topic, requestId, assignmentId } = assignment;
  return { topic, requestId, assignmentId, elapsedMs, failure };
}

function eventOf({ topic, requestId, assignmentId, elapsedMs, failure }: Done, fate: Fate): object {
  return {
    event: fate,
    ...{ topic, request_id: requestId, assignment_id: assignmentId },
    elapsed_ms: Math.round(elapsedMs),
    ...(failure !== undefined && { message: failure }),
  };
}
