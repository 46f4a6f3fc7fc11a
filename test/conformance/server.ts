import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { COMPILED } from "./root.js";
import type { HostAnswer, HostCommand } from "./server-host.js";
import { within } from "./within.js";

/** Settings of the dispatcher, by their keys in docs/configuration.md. */
export type ServerSettings = Readonly<Record<string, string | number | boolean>>;

const ANSWER_MS = 10_000;
/** A scenario that is over waits for nothing. */
const SETTINGS: ServerSettings = { drainGraceMs: 0 };

/** Real dispatchers, one at a time, in a process of their own. */
export class Server {
  #host: ChildProcess | undefined;

  /** Serves afresh. @returns the address. */
  async start(settings: ServerSettings = {}): Promise<string> {
    const answer = await this.#ask({ kind: "start", settings: { ...SETTINGS, ...settings } });
    if (answer.kind !== "started") throw new Error(`the server did not start: ${JSON.stringify(answer)}`);
    return answer.address;
  }

  /** Shuts down as at SIGTERM. @returns what was logged as an error, each a bug. */
  async drain(): Promise<readonly string[]> {
    return await this.#end("drain");
  }

  /** Lets it shut down by itself, without waiting for that. @returns what was logged as an error so far. */
  async retire(): Promise<readonly string[]> {
    return await this.#end("retire");
  }

  /** Waits for all that were left to themselves, and ends the process. @returns what was logged as an error since. */
  async finish(): Promise<readonly string[]> {
    const errors = await this.#end("finish");
    await this.kill();
    return errors;
  }

  /** Ends the process without goodbye; the next start begins a new one. */
  async kill(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    if (host === undefined || host.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => host.once("exit", () => resolve()));
    host.kill("SIGKILL");
    await gone;
  }

  async #end(kind: "drain" | "retire" | "finish"): Promise<readonly string[]> {
    if (this.#host === undefined) return [];
    const answer = await this.#ask({ kind });
    if (answer.kind !== "done") throw new Error(`the server did not ${kind}: ${JSON.stringify(answer)}`);
    return answer.errors;
  }

  async #ask(command: HostCommand): Promise<HostAnswer> {
    this.#host ??= fork(join(COMPILED, "server-host.js"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const host = this.#host;
    const answer = new Promise<HostAnswer>((resolve, reject) => {
      const onExit = () => reject(new Error(`the server ended instead of: ${command.kind}`));
      host.once("exit", onExit);
      host.once("message", (message: HostAnswer) => {
        host.off("exit", onExit);
        resolve(message);
      });
    });
    host.send(command);
    return await within(answer, ANSWER_MS, () => `the server did not ${command.kind} in ${ANSWER_MS} ms`);
  }
}
