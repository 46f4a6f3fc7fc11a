import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { within } from "../conformance/within.js";

/** Longest wait for a line, in milliseconds: a thousand slow round trips. */
const LINE_MS = 60_000;

/** None of them outlives this process. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One part of a peer: takes lines and says lines. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #gone: Promise<void>;
  readonly #shown: string;

  constructor([program = "", ...args]: readonly string[]) {
    this.#shown = [program, ...args].join(" ");
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    running.add(this.#child);
    this.#gone = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", () => {
        running.delete(this.#child);
        resolve();
      });
    });
    this.#gone.catch(() => {});
    this.#child.stdin?.on("error", () => {});
    if (this.#child.stdout === null) throw new Error("unreachable: the output is a pipe");
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Says a line, if there is one to say, and takes the next one. @throws if it ended instead. */
  async ask(line?: string): Promise<string> {
    if (line !== undefined) this.#child.stdin?.write(`${line}\n`);
    const next = await within(this.#lines.next(), LINE_MS, () => `nothing came from ${this.#shown}`);
    if (next.done) throw new Error(`it ended too early: ${this.#shown}`);
    return next.value;
  }

  /** Ends it with its standard input, by force if that does not help. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await within(this.#gone, LINE_MS / 6, () => "").catch(() => this.#child.kill("SIGKILL"));
    await this.#gone.catch(() => {});
    this.#reader.close();
  }
}
