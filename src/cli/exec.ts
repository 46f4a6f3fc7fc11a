/**
 * Any program as a producer: one shell command per assignment, in a process group of its own so that it can be ended
 * with everything it has started.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AssignmentContext, DispatcherError, type HandlerResult } from "ate-dispatcher-client";
import type { Environment } from "../config/load.js";
import { pause } from "./time.js";
import { jsonOrText } from "./values.js";

/** How commands are run. */
export interface ExecOptions {
  /** Given to `sh -c`. */
  readonly command: string;
  readonly environment: Environment;
  /** Most that a command may print as its result, in bytes; one that prints more fails. */
  readonly maxOutputBytes: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killGraceMs: number;
}

/** Runs commands, and ends those that still run when the process does. */
export interface Executor {
  /**
   * Runs the command for one assignment.
   *
   * @returns what it printed: JSON if it parses, text without its last line break otherwise.
   * @throws DispatcherError COMMAND_FAILED, COMMAND_NOT_STARTED or OUTPUT_TOO_LARGE; or the signal's reason if the
   * assignment is revoked meanwhile.
   */
  run(assignment: AssignmentContext): Promise<HandlerResult>;
  /** Kills everything that still runs, at once. */
  killAll(): void;
}

/** How much of standard error goes into an error result, in bytes. */
const MAX_ERROR_TAIL_BYTES = 2_048;

/** gRPC's numbers. */
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

/** Makes an executor. */
export function createExecutor(options: ExecOptions): Executor {
  const running = new Set<ChildProcessWithoutNullStreams>();
  return {
    async run(assignment) {
      const { signal } = assignment;
      signal.throwIfAborted();
      const child = start(options, assignment);
      running.add(child);
      const over = new AbortController();
      const revoke = () => void endGroup(child, options.killGraceMs, over.signal);
      signal.addEventListener("abort", revoke);
      try {
        return await outcome(child, assignment, options.maxOutputBytes, revoke);
      } finally {
        over.abort();
        signal.removeEventListener("abort", revoke);
        running.delete(child);
      }
    },
    killAll() {
      for (const child of running) kill(child, "SIGKILL");
    },
  };
}

function start({ command, environment }: ExecOptions, assignment: AssignmentContext) {
  try {
    return spawn("/bin/sh", ["-c", command], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...environment,
        ATE_TOPIC: assignment.topic,
        ATE_REQUEST_ID: assignment.requestId,
        ATE_TTL_MS: String(Math.floor(assignment.remainingMs())),
      },
    });
  } catch (error) {
    // Such as an environment that is too large.
    throw notStarted(error);
  }
}

function notStarted(error: unknown): DispatcherError {
  const details = `the command could not be started: ${error instanceof Error ? error.message : String(error)}`;
  return new DispatcherError({ code: INTERNAL, reason: "COMMAND_NOT_STARTED", details });
}

async function outcome(
  child: ChildProcessWithoutNullStreams,
  assignment: AssignmentContext,
  maxOutputBytes: number,
  revoke: () => void,
): Promise<HandlerResult> {
  const closed = once(child, "close");
  const errorTail = tail(child.stderr, MAX_ERROR_TAIL_BYTES);
  // A command need not read what it is given; the broken pipe is not its failure.
  const fed = pipeline(Readable.from([requestOf(assignment)]), child.stdin).catch(() => {});
  const printed = head(child.stdout, maxOutputBytes, revoke);
  const [[code, signalName], output, errors] = await Promise.all([
    closed.catch((error: unknown) => {
      throw notStarted(error);
    }),
    printed,
    errorTail,
    fed,
  ]);
  assignment.signal.throwIfAborted();
  if (output === undefined) {
    const remedy = "print less, print a reference, or raise --max-output";
    const details = `the command printed more than ${maxOutputBytes} bytes, its limit; ${remedy}`;
    throw new DispatcherError({ code: RESOURCE_EXHAUSTED, reason: "OUTPUT_TOO_LARGE", details });
  }
  if (code !== 0) {
    const how = code === null ? `was ended by ${signalName}` : `exited with code ${code}`;
    const details = `the command ${how}${errors === "" ? "" : `: ${errors}`}`;
    const metadata: Record<string, string> =
      code === null ? { signal: signalName } : { exit_code: String(code) };
    throw new DispatcherError({ code: UNKNOWN, reason: "COMMAND_FAILED", details, metadata });
  }
  return jsonOrText(output.replace(/\r?\n$/, ""));
}

/** What a command finds on its standard input. */
function requestOf(assignment: AssignmentContext): string {
  const { topic, args, kwargs, requestId, assignmentId, attempt, data, contentType, attributes } = assignment;
  const request = {
    ...{ topic, args, kwargs, request_id: requestId, assignment_id: assignmentId, attempt },
    ...{ ttl_ms: Math.floor(assignment.remainingMs()), content_type: contentType, attributes },
    ...(data.byteLength > 0 && { data: Buffer.from(data).toString("base64") }),
  };
  return `${JSON.stringify(request)}\n`;
}

/** Reads all of a stream, or gives up beyond the limit. */
async function head(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  onTooLong: () => void,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes <= maxBytes) chunks.push(chunk);
    else if (bytes - chunk.byteLength <= maxBytes) onTooLong();
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks).toString("utf8");
}

/** Reads all of a stream and keeps its end. */
async function tail(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of stream) {
    kept = Buffer.concat([kept, chunk]);
    // A copy, since a view would keep every chunk alive.
    if (kept.byteLength > maxBytes) kept = Buffer.from(kept.subarray(-maxBytes));
  }
  return kept.toString("utf8").trim();
}

/** Asks a command's process group to end, and kills it if it has not ended after the grace. */
async function endGroup(
  child: ChildProcessWithoutNullStreams,
  graceMs: number,
  over: AbortSignal,
): Promise<void> {
  kill(child, "SIGTERM");
  await pause(graceMs, over);
  if (!over.aborted) kill(child, "SIGKILL");
}

function kill(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
