/**
 * The connection of every command except `serve`: its options, and one clear error if no dispatcher answers.
 */
import type { DispatcherClient } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import { formatDurationMs } from "../config/quantity.js";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import { sanitize } from "./output.js";
import { addSecureOptions, type SecureOptions, secureClient } from "./secure-options.js";
import { orStopped } from "./time.js";
import { connectAddress, positiveMs } from "./values.js";
import { WaitingNotes, whyNotConnected } from "./waiting.js";

/** The parsed options of a connection. */
export interface ConnectOptions extends SecureOptions {
  readonly address: string;
  readonly connectTimeout: number;
  readonly json?: boolean;
}

const DEFAULT_ADDRESS = "127.0.0.1:50051";
const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const TTL_RESERVE_MS = 1_000;
const CLOSE_GRACE_MS = 500;

/** Adds the connection's options to a command. */
export function addConnectOptions(command: Command, cli: Cli): Command {
  const { environment } = cli;
  const fromEnvironment = environment["ATE_DISPATCHER_ADDRESS"];
  const address = new Option(
    "-a, --address <host:port>",
    `address of the dispatcher, or unix:/path (environment: ATE_DISPATCHER_ADDRESS; default: ${DEFAULT_ADDRESS})`,
  ).argParser(connectAddress);
  const timeout = new Option(
    "--connect-timeout <duration>",
    "how long to wait for the connection (default: 3s, or 1s more than --ttl if that is less)",
  );
  return addSecureOptions(command, cli)
    .addOption(address)
    .addOption(timeout.argParser(positiveMs))
    .option("--json", "print one JSON object per line")
    .hook("preAction", () => {
      if (command.getOptionValue("address") === undefined) {
        command.setOptionValue("address", validAddress(fromEnvironment || DEFAULT_ADDRESS));
      }
      if (command.getOptionValue("connectTimeout") === undefined) {
        command.setOptionValue("connectTimeout", defaultTimeoutMs(command.getOptionValue("ttl")));
      }
    });
}

/** What a command shares with the notes about its dispatcher. */
export interface Contact {
  readonly notes: WaitingNotes;
  /** Ends the notes: the dispatcher has answered, or the command tells what keeps it in another way. */
  answered(): void;
}

/**
 * Runs a function with a connected client, and closes the client afterwards. Says once a second on standard error what
 * keeps the command, until `use` has ended or calls `contact.answered`.
 *
 * @throws CliError with exit code 4 if no dispatcher answers in time, or the reason of `stop` if it fires before.
 */
export async function withClient<T>(
  { address, connectTimeout, json, ...secure }: ConnectOptions,
  { stop, output }: Pick<Cli, "stop" | "output">,
  use: (client: DispatcherClient, contact: Contact) => Promise<T>,
): Promise<T> {
  const client = secureClient(address, secure);
  const answered = new AbortController();
  let isConnected = false;
  const reason = async () => (isConnected ? "connected, but no answer yet" : await whyNotConnected(client));
  const notes = new WaitingNotes(output(json === true), address);
  void notes.repeat(reason, answered.signal);
  try {
    await orStopped(client.waitForReady(connectTimeout).catch(unreachable), stop);
    isConnected = true;
    return await use(client, { notes, answered: () => answered.abort() });
  } finally {
    answered.abort();
    // The command has waited for its results already.
    await client.close({ graceMs: CLOSE_GRACE_MS });
  }

  async function unreachable(): Promise<never> {
    const why = await whyNotConnected(client);
    throw new CliError(
      `no dispatcher answers at ${address} within ${formatDurationMs(connectTimeout)} (${sanitize(why)}); ` +
        'start one with "ate-dispatcher serve", or set another address with --address or ATE_DISPATCHER_ADDRESS',
      EXIT.unreachable,
    );
  }
}

/** A call that has a TTL ends soon after it, also if there is no connection. */
function defaultTimeoutMs(ttlMs: unknown): number {
  if (typeof ttlMs !== "number") return DEFAULT_CONNECT_TIMEOUT_MS;
  return Math.min(DEFAULT_CONNECT_TIMEOUT_MS, ttlMs + TTL_RESERVE_MS);
}

function validAddress(address: string): string {
  try {
    return connectAddress(address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`ATE_DISPATCHER_ADDRESS is ${JSON.stringify(address)}. ${why}`, EXIT.usage);
  }
}
