/**
 * Real grpcurl and buf curl, as a person calls them.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { once, type Preparable, runs, temporaryFolder } from "./languages.js";
import type { Json, JsonObject } from "./protocol.js";
import { ROOT } from "./root.js";
import { within } from "./within.js";

const run = promisify(execFile);

const GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";
const WAIT_MS = 10_000;

/** What is typed for one call. */
export interface Typed {
  /** `DispatcherService/Dispatch`. */
  readonly method: string;
  /** The request as JSON; absent: what is typed later on, message by message. */
  readonly data?: string;
  /** The call's deadline, in milliseconds. */
  readonly deadlineMs?: number;
}

/** A command line tool that speaks gRPC by reflection; preparing it tells the program. */
export interface Tool extends Preparable<string> {
  readonly name: string;
  /** The command line of a call. */
  call(address: string, typed: Typed): readonly string[];
  /** The command line that lists what is served. */
  list(address: string): readonly string[];
}

const grpcurl: Tool = {
  name: "grpcurl",
  missing: async () => ((await runs("go", ["version"])) ? undefined : "no Go toolchain to build it with"),
  async prepare() {
    const folder = temporaryFolder();
    await run("go", ["install", GRPCURL], { env: { ...process.env, GOBIN: folder } });
    return join(folder, "grpcurl");
  },
  call: (address, { method, data = "@", deadlineMs }) => [
    ...["-plaintext", "-d", data],
    ...(deadlineMs === undefined ? [] : ["-max-time", String(deadlineMs / 1000)]),
    ...[address, `ate.dispatcher.v1.${method}`],
  ],
  list: (address) => ["-plaintext", address, "list"],
};

const bufCurl: Tool = {
  name: "buf curl",
  missing: async () => undefined,
  prepare: async () => join(ROOT, "node_modules/.bin/buf"),
  call: (address, { method, data = "@-", deadlineMs }) => [
    ...["curl", "--protocol", "grpc", "-d", data],
    ...(deadlineMs === undefined ? [] : ["--timeout", `${deadlineMs}ms`]),
    `http://${address}/ate.dispatcher.v1.${method}`,
  ],
  list: (address) => ["curl", "--protocol", "grpc", "--list-services", `http://${address}`],
};

/** Both of them. */
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
      // It has ended meanwhile.
    }
  };

  constructor(program: string, args: readonly string[], isOpen: boolean) {
    this.#shown = args.join(" ");
    // In a group of its own: npm's buf is a script that starts the program itself.
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    process.once("exit", this.#killGroup);
    const { stdin, stdout, stderr } = this.#child;
    stdin?.on("error", () => {});
    if (!isOpen) stdin?.end();
    stdout?.setEncoding("utf8").on("data", (text: string) => this.#take(text));
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
   * The next event in the messages' batches that has this field, as `{"assignment": …}` has `assignment`; those before
   * it are passed over.
   */
  async next(field: string): Promise<JsonObject> {
    return await within(this.#find(field), WAIT_MS, () => `no ${field} came from ${this.#describe()}`);
  }

  /** The end of the call. */
  async end(): Promise<Ended> {
    const code = await within(this.#ended, WAIT_MS, () => `it did not end: ${this.#describe()}`);
    return { code, messages: this.#messages, stderr: this.#stderr };
  }

  /** What was printed, as text. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Types the end of input. */
  finish(): void {
    this.#child.stdin?.end();
  }

  /** Ends the tool. */
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
      if (this.#child.exitCode !== null) throw new Error(`no ${field} came from ${this.#describe()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(text: string): void {
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
