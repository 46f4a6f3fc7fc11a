/**
 * Runs a shell command per assignment, so that any program can be a producer. Each command has a process group of its
 * own, so that it can be ended together with its child processes.
 */
import { isUtf8 } from "node:buffer";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  type AssignmentContext,
  DispatcherError,
  type HandlerResult,
  ResultInit,
} from "ate-dispatcher-client";
import type { Environment } from "../config/load.js";
import { allRead, printedHead, printedTail } from "./exec-output.js";
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
  /** The media type of the output, which is sent as data then. Default: a JSON value or text, data if it is not UTF-8. */
  readonly contentType?: string | undefined;
}

/** Runs commands. */
export interface Executor {
  /**
   * Runs the command for one assignment, until the command itself has exited. Child processes that outlive a command
   * continue, unless the assignment was revoked; what they print is lost.
   *
   * @returns the command's output: a JSON value if it parses as JSON, else text without the final line break; data if it
   * is not UTF-8 or has a content type.
   * @throws DispatcherError COMMAND_FAILED, COMMAND_NOT_STARTED or OUTPUT_TOO_LARGE; the reason of the assignment's
   * signal if it fires while the command runs.
   */
  run(assignment: AssignmentContext): Promise<HandlerResult>;
  /** Kills all running commands at once. */
  killAll(): void;
}

/** The maximum size of the standard error in an error result, in bytes. With more, a client would cut off its end. */
const MAX_ERROR_TAIL_BYTES = 900;
/** The bytes of a UTF-8 character after its first one. */
const MAX_CONTINUATION_BYTES = 3;

/** The interval at which a process group is checked for processes that outlive the command, in milliseconds. */
const GROUP_CHECK_MS = 20;

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
      const exited = new AbortController();
      let ending: Promise<void> | undefined;
      const end = () => {
        ending ??= endGroup(child, options.killGraceMs, exited.signal);
      };
      signal.addEventListener("abort", end);
      try {
        return await outcome(child, assignment, options, end);
      } finally {
        exited.abort();
        signal.removeEventListener("abort", end);
        await ending;
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
  { maxOutputBytes, contentType }: ExecOptions,
  end: () => void,
): Promise<HandlerResult> {
  // If the system has no room for another process, there are no pipes either.
  await once(child, "spawn").catch((error: unknown) => {
    throw notStarted(error);
  });
  const exited = once(child, "exit");
  const output = printedHead(child.stdout, maxOutputBytes, end);
  const errors = printedTail(child.stderr, MAX_ERROR_TAIL_BYTES);
  // A command need not read its input. The broken pipe is not an error then.
  void pipeline(Readable.from([inputFor(assignment)]), child.stdin).catch(() => {});
  const [code, signalName] = (await exited) as [number, null] | [null, NodeJS.Signals];
  await allRead(output, errors);
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  assignment.signal.throwIfAborted();
  if (output.byteCount > maxOutputBytes) throw tooLarge(maxOutputBytes);
  if (code !== 0) throw failed(code, signalName, errorText(errors.bytes));
  return resultOf(output.bytes, contentType);
}

function tooLarge(maxBytes: number): DispatcherError {
  const remedy = "print less, print a reference, or raise --max-output";
  const details = `the command printed more than ${maxBytes} bytes, the limit; ${remedy}`;
  return new DispatcherError({ code: RESOURCE_EXHAUSTED, reason: "OUTPUT_TOO_LARGE", details });
}

function failed(code: number | null, signalName: string | null, errors: string): DispatcherError {
  const how = code === null ? `was ended by ${signalName}` : `exited with code ${code}`;
  const details = `the command ${how}${errors === "" ? "" : `: ${errors}`}`;
  const metadata: Record<string, string> =
    code === null ? { signal: String(signalName) } : { exit_code: String(code) };
  return new DispatcherError({ code: UNKNOWN, reason: "COMMAND_FAILED", details, metadata });
}

/** The end of a command's standard error, from its first whole character. */
function errorText(bytes: Buffer): string {
  let start = 0;
  while (start < MAX_CONTINUATION_BYTES && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.toString("utf8", start).trim();
}

/** Converts a command's output: to data if a content type is set or if it is not UTF-8, else to a JSON value or text. */
function resultOf(bytes: Buffer, contentType: string | undefined): HandlerResult {
  if (contentType !== undefined) return new ResultInit({ data: bytes, contentType });
  return isUtf8(bytes)
    ? jsonOrText(bytes.toString("utf8").replace(/\r?\n$/, ""))
    : new ResultInit({ data: bytes, contentType: "application/octet-stream" });
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

/**
 * Ends a command's process group: SIGTERM, and SIGKILL if a process of the group still runs after the grace period.
 *
 * @param exited - fires when the command itself has exited.
 */
async function endGroup(
  child: ChildProcessWithoutNullStreams,
  graceMs: number,
  exited: AbortSignal,
): Promise<void> {
  const killAt = performance.now() + graceMs;
  kill(child, "SIGTERM");
  await pause(graceMs, exited);
  // No event tells when a child process of the command has ended.
  while (kill(child, 0) && performance.now() < killAt) await pause(GROUP_CHECK_MS);
  kill(child, "SIGKILL");
}

/** Sends a signal to a command's process group; 0 only checks for it. @returns whether the group has a process. */
function kill(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
    return false;
  }
}
