/** Starts an attacker in a process of its own and follows its reports. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AttackerReport } from "./protocol.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
/** What an attacker may use itself, in MiB. */
const HEAP_MB = 2_048;

/** A running attacker. */
export class AttackerProcess {
  latest: AttackerReport = {
    sentBytes: 0,
    decompressedBytes: 0,
    told: {},
    answered: 0,
    total: 0,
    isDone: false,
  };
  /** Resolves when the attack is made, or when the process has ended. */
  readonly whenDone: Promise<void>;
  readonly #child: ChildProcess;
  #hasLeft = false;

  /** @param seconds - the time limit of the attack. */
  constructor(name: string, address: string, seconds: number) {
    const child = fork(MAIN, [name, address, String(seconds)], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    const kill = (): boolean => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    this.whenDone = new Promise((resolve) => {
      child.on("message", (report: AttackerReport) => {
        this.latest = report;
        if (report.isDone) resolve();
      });
      child.on("exit", (code, signal) => {
        if (!this.latest.isDone && !this.#hasLeft)
          this.latest = { ...this.latest, error: `the attacker ended: ${signal ?? code}` };
        resolve();
      });
    });
  }

  /** Ends the attacker, as a killed process ends: the system closes its connections. */
  leave(): void {
    this.#hasLeft = true;
    this.#child.kill("SIGKILL");
  }
}
