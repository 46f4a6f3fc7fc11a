import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { AdapterEvent, Answer, ErrorFields } from "./protocol.js";
import { withTimeout } from "./with-timeout.js";

/** Starts a process. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The error that an adapter answered to a command. */
export class RejectedCommand extends Error {
  /** The error in the answer. */
  readonly error: ErrorFields;

  constructor(op: string, error: ErrorFields) {
    super(`${op} was refused: ${JSON.stringify(error)}`);
    this.error = error;
  }
}

interface Pending {
  readonly op: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Timeout of an answer, in milliseconds. The slowest command is a drain, which takes as long as its scenario. */
const ANSWER_TIMEOUT_MS = 10_000;
const MAX_NOTES = 4_000;
const QUIT_TIMEOUT_MS = 3_000;

/** One adapter process: executes commands, answers each, and reports events. */
export class AdapterProcess {
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  readonly #killWithParent = () => void this.#child.kill("SIGKILL");
  #onEvent: (event: AdapterEvent) => void = () => {};
  #nextId = 1;
  #notes = "";
  #isGone = false;
  #isKilled = false;

  /**
   * @param name - for messages, such as `python (listeners)`.
   * @param command - starts the adapter; the address is appended to its arguments.
   */
  constructor(name: string, command: Command, address: string) {
    this.#name = name;
    this.#child = spawn(command.program, [...command.args, address], {
      ...(command.cwd && { cwd: command.cwd }),
      env: { ...process.env, ...command.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    process.once("exit", this.#killWithParent);
    this.#child.stdin?.on("error", () => {});
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#notes = (this.#notes + text).slice(-MAX_NOTES);
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on("line", (line) => this.#receive(line));
    this.gone = new Promise((resolve) => {
      this.#child.once("error", (error) => this.#end(`could not be started: ${error.message}`, resolve));
      this.#child.once("close", (code, signal) => this.#end(`ended with ${signal ?? code}`, resolve));
    });
  }

  /** Whether the adapter accepts commands. */
  get isRunning(): boolean {
    return !this.#isGone && !this.#isKilled;
  }

  /** The last 4,000 characters of the standard error. */
  get notes(): string {
    return this.#notes.trim();
  }

  /** Sets the receiver of events. */
  listen(onEvent: (event: AdapterEvent) => void): void {
    this.#onEvent = onEvent;
  }

  /** Sends a command. @throws {RejectedCommand} with the adapter's error. */
  send(op: string, fields: object = {}): Promise<Answer> {
    const id = this.#nextId++;
    const answer = new Promise<Answer>((resolve, reject) => {
      if (!this.isRunning) reject(new Error(`${this.#name} is no longer running`));
      else this.#pending.set(id, { op, resolve, reject });
    });
    this.#child.stdin?.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    return withTimeout(
      answer,
      ANSWER_TIMEOUT_MS,
      () => `${this.#name} did not answer ${op} in ${ANSWER_TIMEOUT_MS} ms\n${this.notes}`,
    );
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await this.gone;
  }

  /** Ends the process by `quit`, or by SIGKILL after a timeout. @throws if SIGKILL was needed. */
  async quit(): Promise<void> {
    if (!this.isRunning) return await this.gone;
    this.send("quit").catch(() => {});
    try {
      await withTimeout(
        this.gone,
        QUIT_TIMEOUT_MS,
        () => `${this.#name} did not end after quit\n${this.notes}`,
      );
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  #receive(line: string): void {
    if (this.#isKilled || line.trim() === "") return;
    let message: { readonly id?: number; readonly ok?: boolean; readonly error?: ErrorFields };
    try {
      message = JSON.parse(line);
    } catch {
      this.#notes += `\nnot JSON on stdout: ${line.slice(0, 200)}`;
      return;
    }
    if (message.id === undefined) {
      this.#onEvent(message as AdapterEvent);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.ok === true) pending?.resolve(message as Answer);
    else pending?.reject(new RejectedCommand(pending.op, message.error ?? { code: "UNKNOWN" }));
  }

  #end(how: string, resolve: () => void): void {
    this.#isGone = true;
    process.off("exit", this.#killWithParent);
    const error = new Error(`${this.#name} ${how}\n${this.notes}`.trim());
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    resolve();
  }
}
