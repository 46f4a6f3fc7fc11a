/**
 * Prints a line for each finished assignment of a producer: answered in time, late, failed or revoked.
 *
 * Only the dispatcher knows whether an answer was in time. So the line is printed when its disposition arrives.
 */
import {
  type AssignmentContext,
  DispatcherError,
  type Handler,
  type ProducerOptions,
} from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { ms } from "./render.js";

/** Logs the outcome of each assignment. */
export interface WorkLog {
  /** Wraps a handler to record its results and errors. */
  watch(handler: Handler): Handler;
  /** Records the disposition of a reply. */
  readonly onDisposition: NonNullable<ProducerOptions["onDisposition"]>;
}

type LoggedOutcome = keyof typeof COLOURS;

const COLOURS = {
  answered: "green",
  failed: "red",
  late: "yellow",
  revoked: "yellow",
  refused: "red",
} as const;

interface Finished {
  readonly topic: string;
  readonly requestId: string;
  readonly assignmentId: string;
  readonly elapsedMs: number;
  /** Why it failed; undefined if it did not. */
  readonly failure: string | undefined;
}

/** The maximum number of replies without a disposition; the oldest is dropped. A lost session leaves such replies. */
const MAX_UNDISPOSED = 10_000;

/** Limit of the text of a failure, in characters. A longer text is cut. */
const MAX_TEXT_LENGTH = 1_024;
const CUT = "...";

/** Creates the log of a producer. Skips lines while the output is congested, and then prints how many. */
export function createWorkLog(output: Output): WorkLog {
  const undisposed = new Map<string, Finished>();
  let skippedCount = 0;
  return {
    watch: (handler) => async (assignment) => {
      const beganAt = performance.now();
      const finished = (failure?: string) => finishedOf(assignment, performance.now() - beganAt, failure);
      try {
        const result = await handler(assignment);
        awaitDisposition(finished());
        return result;
      } catch (error) {
        const { reason, text } = failureOf(error);
        if (assignment.signal.aborted) print(finished(reason), "revoked");
        else awaitDisposition(finished(text));
        throw error;
      }
    },
    onDisposition(assignmentId, state) {
      const finished = undisposed.get(assignmentId);
      if (!finished) return;
      undisposed.delete(assignmentId);
      if (state === "ACCEPTED") print(finished, finished.failure === undefined ? "answered" : "failed");
      else if (state === "LATE") print(finished, "late");
      else print({ ...finished, failure: state }, "refused");
    },
  };

  function awaitDisposition(finished: Finished): void {
    undisposed.set(finished.assignmentId, finished);
    if (undisposed.size <= MAX_UNDISPOSED) return;
    for (const oldest of undisposed.keys()) {
      undisposed.delete(oldest);
      break;
    }
  }

  function print(finished: Finished, outcome: LoggedOutcome): void {
    if (output.isBehind) {
      skippedCount++;
      return;
    }
    if (skippedCount > 0)
      output.warn(`${skippedCount} requests are not shown: the output was read too slowly`);
    skippedCount = 0;
    void output.result(eventOf(finished, outcome), () => {
      const reason = finished.failure === undefined ? "" : `  ${sanitize(finished.failure)}`;
      const shown = output.paint(COLOURS[outcome], outcome.padEnd(8));
      return `${sanitize(finished.topic)}  ${sanitize(finished.requestId)}  ${shown}  ${ms(finished.elapsedMs).padStart(9)}${reason}`;
    });
  }
}

/** The reason and the text of anything that a handler throws. The text of an error may be no text, or not readable. */
function failureOf(error: unknown): { readonly reason: string; readonly text: string } {
  try {
    const { reason, details } = DispatcherError.from(error);
    const text = String(details);
    const isWhole = text.length <= MAX_TEXT_LENGTH;
    return { reason, text: isWhole ? text : text.slice(0, MAX_TEXT_LENGTH - CUT.length) + CUT };
  } catch {
    return { reason: "UNKNOWN", text: "an error whose text cannot be read" };
  }
}

function finishedOf(assignment: AssignmentContext, elapsedMs: number, failure: string | undefined): Finished {
  const { topic, requestId, assignmentId } = assignment;
  return { topic, requestId, assignmentId, elapsedMs, failure };
}

function eventOf(
  { topic, requestId, assignmentId, elapsedMs, failure }: Finished,
  outcome: LoggedOutcome,
): object {
  return {
    event: outcome,
    ...{ topic, request_id: requestId, assignment_id: assignmentId },
    elapsed_ms: Math.round(elapsedMs),
    ...(failure !== undefined && { message: failure }),
  };
}
