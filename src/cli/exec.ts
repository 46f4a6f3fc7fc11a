/**
 * Runs a shell command per assignment, so that any program can be a producer. Each command has a process group of its
 * own, so that it can be ended together with its child processes.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AssignmentContext, DispatcherError, type HandlerResult } from "ate-dispatcher-client";
import type { Environment } from "../config/load.js";
import { jsonText } from "./json-text.js";
import { pause } from "./time.js";
import { jsonOrText } from "./values.js";

/** Options of an executor. */
export interface ExecOptions {
  /** The command, for `sh -c`. */
  readonly command: string;
  readonly environment: Environment;
  /** The maximum size of a command's output, in bytes. A command that prints more fails. */
  readonly maxOutputBytes: number;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killGraceMs: number;
}

/** Runs commands. */
export interface Executor {
  /**
   * Runs the command for one assignment.
   *
   * @returns the command's output: a JSON value if it parses as JSON, else text without the final line break.
   * @throws DispatcherError COMMAND_FAILED, COMMAND_NOT_STARTED or OUTPUT_TOO_LARGE; the reason of the assignment's
   * signal if it fires while the command runs.
   */
  run(assignment: AssignmentContext): Promise<HandlerResult>;
  /** Kills all running commands at once. */
  killAll(): void;
}

/** The maximum size of the standard error in an error result, in bytes. Its end is kept. */
const MAX_ERROR_TAIL_BYTES = 2_048;

// gRPC status codes.
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

/** Creates an executor. */
export function createExecutor(options: ExecOptions): Executor {
  const running = new Set<ChildProcessWithoutNullStreams>();
  return {
    async run(assignment) {
      const { signal } = assignment;
      signal.throwIfAborted();
      const child = start(options, assignment);
      running.add(child);
      const ended = new AbortController();
      const revoke = () => void endGroup(child, options.killGraceMs, ended.signal);
      signal.addEventListener("abort", revoke);
      try {
        return await outcome(child, assignment, options.maxOutputBytes, revoke);
      } finally {
        ended.abort();
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
    // For example, because the environment is too large.
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
  // A command need not read its input. The broken pipe is not an error then.
  const inputWritten = pipeline(Readable.from([inputFor(assignment)]), child.stdin).catch(() => {});
  const printed = head(child.stdout, maxOutputBytes, revoke);
  const [[code, signalName], output, errors] = await Promise.all([
    closed.catch((error: unknown) => {
      throw notStarted(error);
    }),
    printed,
    errorTail,
    inputWritten,
  ]);
  assignment.signal.throwIfAborted();
  if (output === undefined) {
    const remedy = "print less, print a reference, or raise --max-output";
    const details = `the command printed more than ${maxOutputBytes} bytes, the limit; ${remedy}`;
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

/** The standard input of a command. */
function inputFor(assignment: AssignmentContext): string {
  const { topic, args, kwargs, requestId, assignmentId, attempt, data, contentType, attributes } = assignment;
  const request = {
    ...{ topic, args, kwargs, request_id: requestId, assignment_id: assignmentId, attempt },
    ...{ ttl_ms: Math.floor(assignment.remainingMs()), content_type: contentType, attributes },
    ...(data.byteLength > 0 && { data: Buffer.from(data).toString("base64") }),
  };
  return `${jsonText(request)}\n`;
}

/** Reads a whole stream as text. Calls `onTooLong` when it exceeds the limit, and then returns undefined. */
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

/** Reads a whole stream and returns its end as text. */
async function tail(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const chunk of stream) {
    kept = Buffer.concat([kept, chunk]);
    // A copy, because a view would keep all chunks in memory.
    if (kept.byteLength > maxBytes) kept = Buffer.from(kept.subarray(-maxBytes));
  }
  return kept.toString("utf8").trim();
}

/** Sends SIGTERM to a command's process group, and SIGKILL if it still runs after the grace period. */
async function endGroup(
  child: ChildProcessWithoutNullStreams,
  graceMs: number,
  ended: AbortSignal,
): Promise<void> {
  kill(child, "SIGTERM");
  await pause(graceMs, ended);
  if (!ended.aborted) kill(child, "SIGKILL");
}

function kill(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}
