import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { within } from "../within.js";

/** Longest wait for a line, in milliseconds: a thousand slow round trips. */
const LINE_TIMEOUT_MS = 60_000;
/** Longest wait for a program whose input has ended; then it is killed. */
const EXIT_TIMEOUT_MS = 10_000;

/** Programs that still run; none outlives this process. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** One part of a peer: a program that reads lines and prints lines. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #exited: Promise<void>;
  readonly #commandLine: string;

  constructor([program = "", ...args]: readonly string[]) {
    this.#commandLine = [program, ...args].join(" ");
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    running.add(this.#child);
    this.#exited = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", () => {
        running.delete(this.#child);
        resolve();
      });
    });
    this.#exited.catch(() => {});
    this.#child.stdin?.on("error", () => {});
    if (this.#child.stdout === null) throw new Error("unreachable: the output is a pipe");
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Writes a line, if one is given, and reads the next one. @throws if the program exited instead. */
  async ask(line?: string): Promise<string> {
    if (line !== undefined) this.#child.stdin?.write(`${line}\n`);
    const timedOut = () => `no line came from ${this.#commandLine}`;
    const next = await within(this.#lines.next(), LINE_TIMEOUT_MS, timedOut);
    if (next.done) throw new Error(`the program exited too early: ${this.#commandLine}`);
    return next.value;
  }

  /** Ends the program's input and waits for its exit; kills it after 10 s. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const kill = () => this.#child.kill("SIGKILL");
    await within(this.#exited, EXIT_TIMEOUT_MS, () => "").catch(kill);
    await this.#exited.catch(() => {});
    this.#reader.close();
  }
}
