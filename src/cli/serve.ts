/**
 * `ate-dispatcher serve`: runs a dispatcher until a signal stops it.
 */
import { type Command, Option } from "commander";
import type { DispatcherServer } from "../compose.js";
import { isLocal, parseListenAddress } from "../config/address.js";
import type { Definition } from "../config/definition.js";
import { authSourcesOf, usesTls } from "../config/exposure.js";
import { LIMIT_KEYS } from "../config/limit-keys.js";
import { loadConfig } from "../config/load.js";
import { flagOf } from "../config/names.js";
import { formatDurationMs } from "../config/quantity.js";
import { CONFIG_KEYS, type Config, type ConfigKey, DEFINITIONS } from "../config/schema.js";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import type { Output } from "./output.js";
import { pause } from "./time.js";
import { collect } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher serve
  $ ate-dispatcher serve --listen 127.0.0.1:0 --listen '[::1]:0'   # the system chooses the ports
  $ ate-dispatcher serve --config dispatcher.yaml --max-ttl-ms 10m
  $ ATE_DISPATCHER_LOG_LEVEL=debug ate-dispatcher serve

Every setting is also a key of the file (maxTtlMs: 10m) and an environment variable (ATE_DISPATCHER_MAX_TTL_MS=10m).
Flags override the environment, which overrides the file. Times take ms, s, m, h, d; sizes B, KiB, MiB, GiB.

SIGTERM or Ctrl-C: rejects new requests, lets pending ones finish or expire (--drain-grace-ms), and exits with code 0. A
second one ends the process at once, with exit code 128 + the signal's number. SIGHUP does the same as SIGTERM if
standard input, output or error is a terminal; otherwise it ends nothing.`;

/**
 * Time beyond the grace after which the process ends even if the dispatcher has not closed, in milliseconds. Closing
 * takes 2.5 s at most, so this time is over only if there is a bug.
 */
const MAX_CLOSE_MS = 5_000;

interface Flags extends Readonly<Partial<Record<ConfigKey, unknown>>> {
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addServe(program: Command, cli: Cli): void {
  const command = program
    .command("serve")
    .summary("run a dispatcher")
    .description("Runs a dispatcher until a signal stops it.")
    .option("--config <file>", "YAML file with settings (environment: ATE_DISPATCHER_CONFIG)")
    .option("--json", "print the addresses as JSON");
  for (const key of CONFIG_KEYS) for (const option of optionsFor(key)) command.addOption(option);
  command.addHelpText("after", EXAMPLES).action(async (flags: Flags) => {
    await serve(flags, cli);
    cli.exitWith(EXIT.ok);
  });
}

async function serve(flags: Flags, cli: Cli): Promise<void> {
  const { environment, stop } = cli;
  const output = cli.output(flags.json === true);
  const config = loadConfig({ file: flags.config, environment, flags });
  for (const warning of warningsFor(config, process.versions.node)) output.warn(warning);
  // Imported here because the other commands start faster without the server's code.
  const { createProcessDispatcher } = await import("../compose.js");
  const server = createProcessDispatcher(config);
  await server.start().catch((error: unknown) => {
    throw new CliError(error instanceof Error ? error.message : String(error), EXIT.failed);
  });
  cli.atReload?.(() => void reload(server, output));
  cli.outliveOutput();
  for (const address of server.addresses) {
    // Not awaited: a server serves even if nobody reads its output.
    void output.result({ event: "listening", address }, () => `listening on ${address}`);
  }
  await pause(undefined, stop);
  const grace = formatDurationMs(config.drainGraceMs);
  output.note(
    { event: "draining", grace_ms: config.drainGraceMs },
    `draining: pending requests have ${grace}; a second signal ends the process at once`,
  );
  const isClosed = await Promise.race([
    server.drain().then(() => true),
    pause(config.drainGraceMs + MAX_CLOSE_MS).then(() => false),
  ]);
  if (!isClosed) {
    throw new CliError(`the dispatcher had not closed ${MAX_CLOSE_MS} ms after its grace`, EXIT.failed);
  }
}

/** Reads the files of certificates again, and says what became of each set. */
async function reload(server: DispatcherServer, output: Output): Promise<void> {
  const outcomes = await server.reload();
  if (outcomes.length === 0) {
    const nothing = "SIGHUP: no setting can be reloaded; restart the server to change one";
    output.note({ event: "reload", message: nothing }, nothing);
  }
  for (const { what, result, why } of outcomes) {
    const message = `SIGHUP: ${what} ${result}${why === undefined ? "" : `: ${why}`}`;
    output.note({ event: "reload", what, result, message }, message);
  }
}

/** Returns warnings about the configuration and the runtime. @param nodeVersion - without the leading v. */
export function warningsFor(config: Config, nodeVersion: string): readonly string[] {
  const warnings: string[] = [];
  const open = config.listen
    .map(parseListenAddress)
    .filter((address) => address !== undefined)
    .filter((address) => !isLocal(address));
  const plain = open.filter((address) => !usesTls(address, config)).map(({ target }) => target);
  if (plain.length > 0) {
    warnings.push(`${plain.join(", ")} can be reached from other machines without TLS: insecure is set`);
  }
  if (open.length > 0 && authSourcesOf(config).length === 0) {
    const targets = open.map(({ target }) => target).join(", ");
    warnings.push(
      `${targets} can be reached from other machines without authentication: allowAnonymous is set`,
    );
  }
  if (lacksSecurityFixes(nodeVersion)) {
    warnings.push(
      `Node.js ${nodeVersion} lacks security fixes for HTTP/2; use 22.23, 24.17 or newer on open networks`,
    );
  }
  return warnings;
}

/** The first safe minor version of each supported major version. Other major versions are out of support. */
const MIN_SAFE_MINOR: Readonly<Record<number, number>> = { 22: 23, 24: 17 };
const NEWEST_CHECKED_MAJOR = 24;

function lacksSecurityFixes(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NEWEST_CHECKED_MAJOR) return false;
  const minMinor = MIN_SAFE_MINOR[major];
  return minMinor === undefined || minor < minMinor;
}

function optionsFor(key: ConfigKey): readonly Option[] {
  const definition: Definition<unknown> = DEFINITIONS[key];
  const { kind, help, range, shownDefault } = definition;
  const text = `${help} (${range}; default: ${shownDefault})`;
  const heading = key in LIMIT_KEYS ? "Limits:" : "Settings:";
  const flag = flagOf(key);
  if (kind === "switch") {
    const negative = new Option(`--no-${flag.slice(2)}`, "").hideHelp();
    return [new Option(`${flag} [true|false]`, text).helpGroup(heading), negative];
  }
  const option = new Option(`${flag} <${PLACEHOLDERS[kind]}>`, text).helpGroup(heading);
  return [["addresses", "words", "networks"].includes(kind) ? option.argParser(collect) : option];
}

const PLACEHOLDERS = {
  duration: "duration",
  size: "size",
  count: "n",
  factor: "factor",
  choice: "word",
  addresses: "host:port",
  words: "word",
  file: "path",
  text: "text",
  url: "url",
  networks: "cidr",
} as const;
