/** The runner's side of a client process: forked, given one SampleSpec, and gone after its report. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientMessage, ClientReport, SampleSpec } from "./client-messages.js";
import type { ServerProcess } from "./server-process.js";

const CLIENT = fileURLToPath(new URL("client-process.js", import.meta.url));
/** Far longer than the slowest work takes. */
const SAMPLE_TIMEOUT_MS = 180_000;

/** A client process that waits for its SampleSpec. */
export interface ClientProcess {
  /** Starts the sample and provides the snapshots of the server that it asks for. Resolves when the process exits. */
  run(spec: SampleSpec, server: ServerProcess): Promise<ClientReport>;
  /** Kills the process if it still runs. */
  kill(): void;
}

/** Forks a client process. */
export function forkClient(): ClientProcess {
  const child = fork(CLIENT);
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let report: ClientReport | undefined;
  const ended = new Promise<ClientReport>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const error = `the client process exited with ${signal ?? code}`;
      resolve(report ?? { kind: "report", ok: false, error });
    });
  });
  // The caller of run() gets the rejection.
  ended.catch(() => {});
  return {
    async run(spec, server) {
      child.on("message", (message: ClientMessage) => {
        if (message.kind === "report") report = message;
        // If no snapshot comes, the client's own timeout fails the sample.
        else void server.takeSnapshot().then((snapshot) => child.send({ snapshot }));
      });
      const timer = setTimeout(kill, SAMPLE_TIMEOUT_MS);
      if (child.connected) child.send(spec);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
    kill,
  };
}
