/**
 * A server process of a sample: started afresh, waited for by its own word, killed afterwards.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ServerCommand } from "./peer.js";
import type { ServerLook } from "./server-look.js";

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 20_000;
const KEPT_OUTPUT = 2_000;
const LISTENING = /\blistening on (\S+:\d+)\s*$/;

/** A server that accepts connections. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** What the process wrote to its standard error, at most the last 2,000 characters. */
  errors(): string;
  /** Asks the probe that it was started with. */
  look(): Promise<ServerLook>;
  /** Lets it end in good order, as it does for SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
  /** Kills it at once, since nothing of it is needed any more, and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a server and waits until it says where it listens. */
export async function startServer({ command, listening = LISTENING }: ServerCommand): Promise<ServerProcess> {
  const [program, ...args] = command;
  // A channel that nobody reads costs nothing; a program that is not Node does not know of it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", "ipc"], env: plainEnvironment() });
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => {
      process.off("exit", killWithParent);
      resolve();
    });
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("a server has no output");
  let errors = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_OUTPUT);
  });
  const look = async () => {
    const answered = once(child, "message");
    child.send("look");
    const [message] = (await answered) as [ServerLook];
    return message;
  };
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  try {
    const address = await listeningAddress(child, [stdout, stderr], listening);
    return { address, pid: child.pid as number, errors: () => errors, look, stop, kill };
  } catch (error) {
    await kill();
    throw new Error(`${(error as Error).message}\n${errors}`.trim());
  }
}

function listeningAddress(
  child: ChildProcess,
  outputs: readonly NodeJS.ReadableStream[],
  listening: RegExp,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server did not start in time")), START_TIMEOUT_MS);
    const settle = (done: () => void) => {
      clearTimeout(timer);
      done();
    };
    // Read to the end, so that a server that logs much is never held up by a full pipe.
    for (const input of outputs) {
      createInterface({ input }).on("line", (line) => {
        const address = listening.exec(line)?.[1];
        if (address !== undefined) settle(() => resolve(address));
      });
    }
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", (code, signal) =>
      settle(() => reject(new Error(`the server ended with ${signal ?? code} before it listened`))),
    );
  });
}

/** Our own environment without what configures a dispatcher: a sample measures the defaults. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("ATE_DISPATCHER_")),
  );
}
