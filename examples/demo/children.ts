/** The demo's processes, each running one command of `ate-dispatcher`. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Feed } from "./feed.js";

/** The processes of the demo. */
export interface Children {
  /** Starts `ate-dispatcher` with these arguments; its events go to the feed under this name. */
  start(name: string, args: readonly string[]): void;
  /** Sends SIGTERM to a process and waits for its exit. @returns its exit code, or the signal that ended it. */
  end(name: string): Promise<number | string>;
  /** Ends all running processes, the last one first, and kills those that do not exit within 3 s. */
  endAll(): Promise<void>;
}

/** The command line lies beside the library in the package. */
const MAIN = fileURLToPath(new URL("main.js", import.meta.resolve("ate-dispatcher")));
const KILL_AFTER_MS = 3_000;
const MAX_COMPLAINT_LINES = 20;

interface Child {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves with the exit code or signal when the process has exited; never rejects. */
  readonly ended: Promise<number | string>;
  /** Whether SIGTERM was sent. */
  isEnding: boolean;
}

/** Makes an empty set of processes. */
export function createChildren(feed: Feed): Children {
  const children = new Map<string, Child>();

  function start(name: string, args: readonly string[]): void {
    const started = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const complaints: string[] = [];
    const read = (line: string) => {
      const fields = parse(line);
      if (typeof fields?.["event"] === "string") feed.push({ from: name, event: fields["event"], fields });
      else if (complaints.length < MAX_COMPLAINT_LINES) complaints.push(line);
    };
    const child: Child = { process: started, isEnding: false, ended: endOf(started) };
    children.set(name, child);
    void listenTo(started.stdout, read);
    void listenTo(started.stderr, read);
    void child.ended.then((how) => {
      if (child.isEnding) return;
      feed.fail(new Error([`${name} has exited unexpectedly (${how})`, ...complaints].join("\n  ")));
    });
  }

  async function end(name: string): Promise<number | string> {
    const child = children.get(name);
    if (!child) throw new Error(`${name} was not started`);
    children.delete(name);
    child.isEnding = true;
    child.process.kill("SIGTERM");
    const patience = new AbortController();
    const kill = sleep(KILL_AFTER_MS, undefined, { signal: patience.signal }).then(
      () => void child.process.kill("SIGKILL"),
      () => {},
    );
    const how = await child.ended;
    patience.abort();
    await kill;
    return how;
  }

  return {
    start,
    end,
    async endAll() {
      for (const name of [...children.keys()].reverse()) await end(name);
    },
  };
}

async function endOf(child: Child["process"]): Promise<number | string> {
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return code ?? signal ?? "unknown";
  } catch (error) {
    return String(error);
  }
}

async function listenTo(stream: Readable, read: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) read(line);
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
