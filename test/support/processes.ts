/**
 * Real processes for end-to-end tests. Each runs in a process group of its own; tests wait for lines of its output and
 * end it by its id. Every wait has a time limit, and its error contains the output so far.
 *
 * ```ts
 * const processes = createProcesses();
 * afterEach(() => processes.stopAll());
 *
 * const server = await processes.serve();
 * const listener = processes.cli(["listen", "topic1", "--address", server.address, "--json"]);
 * await listener.stderr.next(/"ready"/);
 * ```
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ROOT } from "./root.js";

/** Default time limit of a wait, in milliseconds: far more than a loaded machine needs. */
const DEFAULT_WAIT_MS = 30_000;
const KILL_AFTER_MS = 10_000;

/** How a process ended. */
export interface Exit {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The lines of one stream of a process. */
export interface Lines {
  /** All lines so far. */
  readonly all: readonly string[];
  /**
   * Takes the next line that matches; the lines before it are skipped for good.
   *
   * Rejects after `waitMs`, or when the stream has ended without such a line.
   */
  next(pattern?: RegExp, waitMs?: number): Promise<string>;
}

/** A started process. */
export interface RunningProcess {
  readonly pid: number;
  readonly stdout: Lines;
  readonly stderr: Lines;
  readonly stdin: NodeJS.WritableStream;
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<Exit>;
  /** Resolves like `exited`, and rejects after `waitMs`. */
  exit(waitMs?: number): Promise<Exit>;
  /** Sends a signal to the process alone, not to its group. */
  kill(signal: NodeJS.Signals): void;
  /** Destroys the read end of a stream, as a reader that exits does. Resolves when it is closed. */
  stopReading(stream: "stdout" | "stderr"): Promise<void>;
}

/** How to start a process. */
export interface StartOptions {
  /** Added to this process's environment; the dispatcher's own variables are removed from it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. Default: closed at once. `"open"` leaves it open. */
  readonly input?: string | Uint8Array | "open";
}

/** A dispatcher in a process of its own. */
export interface ServerProcess extends RunningProcess {
  /** The first address it printed. */
  readonly address: string;
  readonly addresses: readonly string[];
}

/** A process that has ended, and its output. */
export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** The processes of one test. */
export interface Processes {
  start(command: string, args: readonly string[], options?: StartOptions): RunningProcess;
  /** Starts the program as built, `node dist/main.js`. */
  cli(args: readonly string[], options?: StartOptions): RunningProcess;
  /** Starts the program and waits for its end. */
  run(args: readonly string[], options?: StartOptions & { readonly waitMs?: number }): Promise<Finished>;
  /** Starts a dispatcher on a port that the system chooses and waits until it listens. */
  serve(args?: readonly string[], options?: StartOptions): Promise<ServerProcess>;
  /** Ends every running process: SIGTERM, then SIGKILL to its group. */
  stopAll(): Promise<void>;
}

const MAIN = join(ROOT, "dist/main.js");

/** Creates an empty set of processes. */
export function createProcesses(): Processes {
  const running = new Set<RunningProcess>();
  // A test run that is aborted must not leave processes behind.
  const killAll = () => {
    for (const { pid } of running) killGroup(pid, "SIGKILL");
  };
  process.on("exit", killAll);

  const processes: Processes = {
    start(command, args, options = {}) {
      const started = startProcess(command, args, options);
      running.add(started);
      void started.exited.then(() => running.delete(started));
      return started;
    },
    cli: (args, options) => processes.start(process.execPath, [MAIN, ...args], options),
    async run(args, { waitMs, ...options } = {}) {
      const started = processes.cli(args, options);
      const exit = await started.exit(waitMs);
      const text = ({ all }: Lines) => all.map((line) => `${line}\n`).join("");
      return { ...exit, stdout: text(started.stdout), stderr: text(started.stderr) };
    },
    async serve(args = [], options) {
      const hasAddress = args.includes("--listen") || args.includes("--config");
      const listen = hasAddress ? [] : ["--listen", "127.0.0.1:0"];
      const count = Math.max(1, args.filter((arg) => arg === "--listen").length);
      const started = processes.cli(["serve", "--log-level", "warn", ...listen, ...args], options);
      const addresses: string[] = [];
      while (addresses.length < count) {
        const line = await started.stdout.next(/^listening on /);
        addresses.push(line.replace("listening on ", ""));
      }
      return Object.assign(started, { address: addresses[0] ?? "", addresses });
    },
    async stopAll() {
      await Promise.all([...running].map(stop));
      process.off("exit", killAll);
    },
  };
  return processes;
}

async function stop(started: RunningProcess): Promise<void> {
  started.kill("SIGTERM");
  await started.exit(KILL_AFTER_MS).catch(() => killGroup(started.pid, "SIGKILL"));
  await started.exit(KILL_AFTER_MS);
}

function startProcess(command: string, args: readonly string[], options: StartOptions): RunningProcess {
  const shown = `${[command, ...args].join(" ")}`;
  const child = spawn(command, args, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...ownEnvironment(), ...options.env },
  });
  child.stdin.on("error", () => {});
  if (options.input !== "open") child.stdin.end(options.input ?? "");
  const stdout = createLines(child.stdout, `stdout of ${shown}`);
  const stderr = createLines(child.stderr, `stderr of ${shown}`);
  const exited = new Promise<Exit>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  exited.catch(() => {});
  return {
    pid: pidOf(child, shown),
    ...{ stdout, stderr, exited },
    stdin: child.stdin,
    exit: (waitMs = DEFAULT_WAIT_MS) =>
      within(exited, waitMs, () => `${shown} did not end in ${waitMs} ms\n${printed(stdout, stderr)}`),
    kill: (signal) => void child.kill(signal),
    async stopReading(stream) {
      const closed = once(child[stream], "close");
      child[stream].destroy();
      await closed;
    },
  };
}

function pidOf(child: ChildProcess, shown: string): number {
  if (child.pid === undefined) throw new Error(`${shown} could not be started`);
  return child.pid;
}

function createLines(stream: Readable, shown: string): Lines {
  const all: string[] = [];
  let position = 0;
  let hasEnded = false;
  let wake = () => {};
  const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  reader.on("line", (line) => {
    all.push(line);
    wake();
  });
  reader.on("close", () => {
    hasEnded = true;
    wake();
  });

  async function find(pattern: RegExp): Promise<string> {
    for (;;) {
      while (position < all.length) {
        const line = all[position++] ?? "";
        if (pattern.test(line)) return line;
      }
      if (hasEnded) throw new Error(`${shown} ended without ${pattern}; output:\n${all.join("\n")}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    all,
    next: (pattern = /(?:)/, waitMs = DEFAULT_WAIT_MS) =>
      within(
        find(pattern),
        waitMs,
        () => `no ${pattern} in ${waitMs} ms on ${shown}; output so far:\n${all.join("\n")}`,
      ),
  };
}

/** Waits for a promise, with a time limit. */
export async function within<T>(promise: Promise<T>, waitMs: number, describe: () => string): Promise<T> {
  const timeout = AbortSignal.timeout(waitMs);
  return await new Promise<T>((resolve, reject) => {
    timeout.addEventListener("abort", () => reject(new Error(describe())));
    promise.then(resolve, reject);
  });
}

function printed(stdout: Lines, stderr: Lines): string {
  return `stdout:\n${stdout.all.join("\n")}\nstderr:\n${stderr.all.join("\n")}`;
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The process has ended already.
  }
}

/** This process's environment without the variables that configure a dispatcher or colour its output. */
function ownEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith("ATE_DISPATCHER_") && !/^(NO|FORCE)_COLOR$/.test(name)),
  );
}
