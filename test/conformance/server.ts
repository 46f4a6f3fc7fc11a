import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { COMPILED } from "./root.js";
import type { HostAnswer, HostCommand } from "./server-host.js";
import { withTimeout } from "./with-timeout.js";

/** Settings of the dispatcher, by their keys in docs/configuration.md. */
export type ServerSettings = Readonly<Record<string, string | number | boolean>>;

const ANSWER_TIMEOUT_MS = 60_000;
/** After a scenario nothing is worth waiting for. */
const SETTINGS: ServerSettings = { drainGraceMs: 0 };

/** Real dispatchers in their own process, one at a time. */
export class Server {
  #host: ChildProcess | undefined;
  readonly #settings: ServerSettings;

  /** @param settings - of all dispatchers. */
  constructor(settings: ServerSettings = {}) {
    this.#settings = { ...SETTINGS, ...settings };
  }

  /** Starts a dispatcher. @returns its address. */
  async start(settings: ServerSettings = {}): Promise<string> {
    const answer = await this.#ask({ kind: "start", settings: { ...this.#settings, ...settings } });
    if (answer.kind !== "started") throw new Error(`the server did not start: ${JSON.stringify(answer)}`);
    return answer.address;
  }

  /** Drains as at SIGTERM. @returns the errors that were logged; each is a bug. */
  async drain(): Promise<readonly string[]> {
    return await this.#end("drain");
  }

  /** Starts to drain without waiting. @returns the errors that were logged so far. */
  async retire(): Promise<readonly string[]> {
    return await this.#end("retire");
  }

  /** Waits for all retired dispatchers and ends the process. @returns the errors that were logged since. */
  async finish(): Promise<readonly string[]> {
    const errors = await this.#end("finish");
    await this.kill();
    return errors;
  }

  /** Kills the process. The next start begins a new one. */
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
    return await withTimeout(
      answer,
      ANSWER_TIMEOUT_MS,
      () => `the server did not ${command.kind} in ${ANSWER_TIMEOUT_MS} ms`,
    );
  }
}
