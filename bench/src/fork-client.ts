/**
 * A client process as its runner sees it: forked, given one job, and gone after its answer.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientAnswer, ClientJob, ClientMessage } from "./client-job.js";
import type { ServerProcess } from "./server-process.js";

const CLIENT = fileURLToPath(new URL("client-process.js", import.meta.url));
/** Far more than the slowest work takes. */
const JOB_TIMEOUT_MS = 180_000;

/** A client process that waits for its job. */
export interface ClientProcess {
  /** Gives it its job, and the looks at the server that it asks for. Resolves when it has ended. */
  run(job: ClientJob, server: ServerProcess): Promise<ClientAnswer>;
  /** Kills it, if it has not ended. */
  kill(): void;
}

/** Forks one. */
export function forkClient(): ClientProcess {
  const child = fork(CLIENT);
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let answer: ClientAnswer | undefined;
  const ended = new Promise<ClientAnswer>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const error = `the client process ended with ${signal ?? code}`;
      resolve(answer ?? { kind: "answer", ok: false, error });
    });
  });
  // Whoever gives it a job hears of it.
  ended.catch(() => {});
  return {
    async run(job, server) {
      child.on("message", (message: ClientMessage) => {
        if (message.kind === "answer") answer = message;
        // The client gives up by itself if no look comes.
        else void server.look().then((look) => child.send({ look }));
      });
      const timer = setTimeout(kill, JOB_TIMEOUT_MS);
      if (child.connected) child.send(job);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
    kill,
  };
}
