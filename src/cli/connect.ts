/**
 * The connection that every command but `serve` has: its options, and one clear line if nobody is there.
 */
import { createClient, type DispatcherClient } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import { orStop } from "./time.js";
import { connectAddress, positiveMs } from "./values.js";

/** What the options of a connection come out as. */
export interface ConnectOptions {
  readonly address: string;
  readonly connectTimeout: number;
  readonly json?: boolean;
}

const DEFAULT_ADDRESS = "127.0.0.1:50051";
const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const CLOSE_MS = 500;

/** Adds the options of a connection to a command. */
export function addConnectOptions(command: Command, { environment }: Cli): Command {
  const fromEnvironment = environment["ATE_DISPATCHER_ADDRESS"];
  const address = new Option(
    "-a, --address <host:port>",
    `the dispatcher (environment: ATE_DISPATCHER_ADDRESS; default: ${DEFAULT_ADDRESS})`,
  ).argParser(connectAddress);
  const timeout = new Option("--connect-timeout <duration>", "how long to wait for it (default: 3s)");
  return command
    .addOption(address)
    .addOption(timeout.argParser(positiveMs))
    .option("--json", "print one JSON object per line")
    .hook("preAction", () => {
      if (command.getOptionValue("address") === undefined) {
        command.setOptionValue("address", checked(fromEnvironment || DEFAULT_ADDRESS));
      }
      if (command.getOptionValue("connectTimeout") === undefined) {
        command.setOptionValue("connectTimeout", DEFAULT_CONNECT_TIMEOUT_MS);
      }
    });
}

/**
 * Runs something with a connected client, and closes the client whatever happens.
 *
 * @throws CliError with exit code 4 if no dispatcher answers in time; the stop's reason if that comes first.
 */
export async function withClient<T>(
  { address, connectTimeout }: ConnectOptions,
  { stop }: Cli,
  use: (client: DispatcherClient) => Promise<T>,
): Promise<T> {
  const client = createClient({ address });
  try {
    await orStop(client.waitForReady(connectTimeout).catch(unreachable), stop);
    return await use(client);
  } finally {
    // What is worth waiting for has been waited for.
    await client.close({ graceMs: CLOSE_MS });
  }

  function unreachable(): never {
    throw new CliError(
      `no dispatcher answers at ${address}; start one with "ate-dispatcher serve", ` +
        "or name another with --address or ATE_DISPATCHER_ADDRESS",
      EXIT.unreachable,
    );
  }
}

function checked(address: string): string {
  try {
    return connectAddress(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`ATE_DISPATCHER_ADDRESS is ${JSON.stringify(address)}. ${why}`, EXIT.usage);
  }
}
