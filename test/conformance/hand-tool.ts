/**
 * Runs grpcurl and buf curl with the command lines that a person would type.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { once, type Preparable, runs, temporaryFolder } from "./languages.js";
import type { Json, JsonObject } from "./protocol.js";
import { ROOT } from "./root.js";
import { withTimeout } from "./with-timeout.js";

const run = promisify(execFile);

const GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";
const OUTPUT_TIMEOUT_MS = 10_000;

/** The input of one call. */
export interface Typed {
  /** `DispatcherService/Dispatch`. */
  readonly method: string;
  /** The request as JSON. Absent: the messages are typed later, one by one. */
  readonly data?: string;
  /** The call's deadline, in milliseconds. */
  readonly deadlineMs?: number;
}

/** How a tool connects to a secured server. */
export interface HandSecurity {
  readonly caFile: string;
  readonly token: string;
}

/** A command-line tool that calls gRPC by reflection; `prepare` returns its program. */
export interface Tool extends Preparable<string> {
  readonly name: string;
  /** The command line of a call. */
  call(address: string, typed: Typed, security?: HandSecurity): readonly string[];
  /** The command line that lists the services. */
  list(address: string, security?: HandSecurity): readonly string[];
}

const grpcurl: Tool = {
  name: "grpcurl",
  missing: async () => ((await runs("go", ["version"])) ? undefined : "no Go toolchain to build it with"),
  async prepare() {
    const folder = temporaryFolder();
    await run("go", ["install", GRPCURL], { env: { ...process.env, GOBIN: folder } });
    return join(folder, "grpcurl");
  },
  call: (address, { method, data = "@", deadlineMs }, security) => [
    ...[...grpcurlSecurity(security), "-d", data],
    ...(deadlineMs === undefined ? [] : ["-max-time", String(deadlineMs / 1000)]),
    ...[address, `ate.dispatcher.v1.${method}`],
  ],
  list: (address, security) => [...grpcurlSecurity(security), address, "list"],
};

const bufCurl: Tool = {
  name: "buf curl",
  missing: async () => undefined,
  prepare: async () => join(ROOT, "node_modules/.bin/buf"),
  call: (address, { method, data = "@-", deadlineMs }, security) => [
    ...["curl", "--protocol", "grpc", ...bufSecurity(security), "-d", data],
    ...(deadlineMs === undefined ? [] : ["--timeout", `${deadlineMs}ms`]),
    `${schemeOf(security)}://${address}/ate.dispatcher.v1.${method}`,
  ],
  list: (address, security) => [
    ...["curl", "--protocol", "grpc", ...bufSecurity(security), "--list-services"],
    `${schemeOf(security)}://${address}`,
  ],
};

function grpcurlSecurity(security: HandSecurity | undefined): readonly string[] {
  if (!security) return ["-plaintext"];
  return ["-cacert", security.caFile, "-H", `authorization: Bearer ${security.token}`];
}

function bufSecurity(security: HandSecurity | undefined): readonly string[] {
  if (!security) return [];
  const header = `authorization: Bearer ${security.token}`;
  return ["--cacert", security.caFile, "-H", header, "--reflect-header", header];
}

function schemeOf(security: HandSecurity | undefined): string {
  return security ? "https" : "http";
}

/** Both tools. */
export const TOOLS: readonly Tool[] = [grpcurl, bufCurl].map((tool) => ({ ...tool, ...once(tool) }));

/** How a call ended. */
export interface Ended {
  readonly code: number | null;
  readonly messages: readonly JsonObject[];
  readonly stderr: string;
}

/** A call in progress. */
export class HandCall {
  readonly #child: ChildProcess;
  readonly #shown: string;
  readonly #ended: Promise<number | null>;
  readonly #messages: JsonObject[] = [];
  #position = 0;
  #stdout = "";
  #stderr = "";
  #wake = () => {};
  readonly #killGroup = () => {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // The process has already ended.
    }
  };

  constructor(program: string, args: readonly string[], isOpen: boolean) {
    this.#shown = args.join(" ");
    // The call gets its own process group, because npm's buf is a script that starts the real program.
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    process.once("exit", this.#killGroup);
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on("error", () => {});
    if (!isOpen) stdin?.end();
    stdout?.setEncoding("utf8").on("data", (text: string) => this.#receive(text));
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code) => {
        resolve(code);
        this.#wake();
      });
    });
    this.#ended.catch(() => {});
  }

  /** Types a message of a stream. */
  type(message: string): void {
    this.#child.stdin?.write(`${message}\n`);
  }

  /**
   * Waits for the next event with this field, such as `assignment` in `{"assignment": …}`. Skips the events before it.
   */
  async next(field: string): Promise<JsonObject> {
    return await withTimeout(
      this.#find(field),
      OUTPUT_TIMEOUT_MS,
      () => `no ${field} arrived from ${this.#describe()}`,
    );
  }

  /** Waits for the end of the call. */
  async end(): Promise<Ended> {
    const code = await withTimeout(
      this.#ended,
      OUTPUT_TIMEOUT_MS,
      () => `the call did not end: ${this.#describe()}`,
    );
    return { code, messages: this.#messages, stderr: this.#stderr };
  }

  /** The standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Types the end of input. */
  finish(): void {
    this.#child.stdin?.end();
  }

  /** Kills the tool. */
  async kill(): Promise<void> {
    this.#killGroup();
    await this.#ended;
    process.off("exit", this.#killGroup);
  }

  async #find(field: string): Promise<JsonObject> {
    for (;;) {
      const events = this.#messages.flatMap(eventsOf);
      while (this.#position < events.length) {
        const found = events[this.#position++]?.[field];
        if (found !== undefined) return found as JsonObject;
      }
      if (this.#child.exitCode !== null) throw new Error(`no ${field} arrived from ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #receive(text: string): void {
    this.#stdout += text;
    this.#messages.splice(0, Number.POSITIVE_INFINITY, ...jsonIn(this.#stdout));
    this.#wake();
  }

  #describe(): string {
    return `${this.#shown}\n${this.#stdout}\n${this.#stderr}`.trim();
  }
}

/** A message of a stream is a batch. */
function eventsOf(message: JsonObject): readonly JsonObject[] {
  return (message["events"] ?? message["messages"] ?? [message]) as readonly JsonObject[];
}

/** The whole objects in a text of several, one after the other. */
function jsonIn(text: string): readonly JsonObject[] {
  const objects: JsonObject[] = [];
  let start = 0;
  for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}", end + 1)) {
    const parsed = parsedOr(text.slice(start, end + 1));
    if (parsed === undefined) continue;
    objects.push(parsed as JsonObject);
    start = end + 1;
  }
  return objects;
}

function parsedOr(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
