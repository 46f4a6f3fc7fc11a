/** The server process of a sample: started for it, ready when it prints its address, killed afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { ServerCommand } from "./peer.js";
import type { ServerSnapshot } from "./server-snapshot.js";

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 20_000;
/** Characters of standard error that are kept for an error message. */
const KEPT_OUTPUT = 2_000;
const LISTENING = /\blistening on (\S+:\d+)\s*$/;

/** A server that accepts connections. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** The last 2,000 characters that the process wrote to standard error. */
  errors(): string;
  /** Asks the probe that the process was started with. */
  takeSnapshot(): Promise<ServerSnapshot>;
  /** Shuts the server down with SIGTERM and waits until the process is gone. */
  stop(): Promise<void>;
  /** Kills the process and waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts a server and waits until it prints the address that it listens on. */
export async function startServer({ command, listening = LISTENING }: ServerCommand): Promise<ServerProcess> {
  const [program, ...args] = command;
  // The IPC channel is for the probe; without one it costs nothing.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", "ipc"], env: plainEnvironment() });
  const killWithParent = () => child.kill("SIGKILL");
  process.once("exit", killWithParent);
  const exited = new Promise<void>((resolve) => {
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
  const takeSnapshot = async () => {
    const answered = once(child, "message");
    child.send("snapshot");
    const [message] = (await answered) as [ServerSnapshot];
    return message;
  };
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  try {
    const address = await listeningAddress(child, [stdout, stderr], listening);
    return { address, pid: child.pid as number, errors: () => errors, takeSnapshot, stop, kill };
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
    // Read to the end: a full pipe would stall a server that logs much.
    for (const input of outputs) {
      createInterface({ input }).on("line", (line) => {
        const address = listening.exec(line)?.[1];
        if (address !== undefined) settle(() => resolve(address));
      });
    }
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", (code, signal) =>
      settle(() => reject(new Error(`the server exited with ${signal ?? code} before it listened`))),
    );
  });
}

/** The environment without settings of the dispatcher: a sample measures the defaults. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("ATE_DISPATCHER_")),
  );
}
