/**
 * TLS and the token of the commands that connect: options, and environment variables of the same names.
 */
import { readFileSync } from "node:fs";
import { type ConnectionOptions, createClient, type DispatcherClient } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import { nonEmpty } from "./values.js";

/** The parsed options. */
export interface SecureOptions {
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly serverName?: string;
  readonly tokenFile?: string;
  readonly allowInsecureToken?: boolean;
}

/** The environment variables, by option. The token itself has a variable, but no option: others see command lines. */
const VARIABLES = {
  tls: "ATE_DISPATCHER_TLS",
  tlsCa: "ATE_DISPATCHER_TLS_CA",
  tlsCert: "ATE_DISPATCHER_TLS_CERT",
  tlsKey: "ATE_DISPATCHER_TLS_KEY",
  serverName: "ATE_DISPATCHER_SERVER_NAME",
  tokenFile: "ATE_DISPATCHER_TOKEN_FILE",
  allowInsecureToken: "ATE_DISPATCHER_ALLOW_INSECURE_TOKEN",
} as const;
const TOKEN = "ATE_DISPATCHER_TOKEN";
const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

/** Adds the options to a command. Their values are those of the environment, if the command line has none. */
export function addSecureOptions(command: Command, { environment }: Cli): Command {
  const option = (flags: string, text: string, variable: string) => {
    const added = new Option(flags, `${text} (environment: ${variable})`).helpGroup("Security:");
    command.addOption(flags.includes("<") ? added.argParser(nonEmpty) : added);
  };
  option("--tls", "use TLS, with the certificates that Node trusts", VARIABLES.tls);
  option(
    "--tls-ca <file>",
    "certificates in PEM that sign that of the dispatcher; implies --tls",
    VARIABLES.tlsCa,
  );
  option("--tls-cert <file>", "certificate of this client in PEM", VARIABLES.tlsCert);
  option("--tls-key <file>", "private key of that certificate in PEM", VARIABLES.tlsKey);
  option(
    "--server-name <name>",
    "name that the certificate of the dispatcher must have",
    VARIABLES.serverName,
  );
  option("--token-file <file>", `file with a token; ${TOKEN} may hold the token itself`, VARIABLES.tokenFile);
  option(
    "--allow-insecure-token",
    "send the token in clear, through a mesh that encrypts",
    VARIABLES.allowInsecureToken,
  );
  return command.hook("preAction", () => {
    for (const [name, variable] of Object.entries(VARIABLES)) {
      const value = environment[variable];
      if (value && command.getOptionValue(name) === undefined)
        command.setOptionValue(name, readSwitch(name, variable, value));
    }
    const token = environment[TOKEN];
    if (token) command.setOptionValue("token", token);
  });
}

/** Creates the client of a command. @throws CliError that names a file that cannot be read, or an option that is wrong. */
export function secureClient(
  address: string,
  options: SecureOptions & { readonly token?: string },
  more: Pick<ConnectionOptions, "channelOptions"> = {},
): DispatcherClient {
  const tls = tlsOf(options);
  const token = tokenOf(options);
  const connection: ConnectionOptions = {
    ...more,
    address,
    ...(tls ? { tls } : {}),
    ...(token === undefined ? {} : { token }),
    ...(options.allowInsecureToken ? { allowInsecureToken: true } : {}),
  };
  try {
    return createClient(connection);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${why}; see --tls-ca, --tls-cert, --tls-key and --token-file`, EXIT.usage);
  }
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey, serverName }: SecureOptions): ConnectionOptions["tls"] {
  const isSecure = tls || [tlsCa, tlsCert, tlsKey, serverName].some((value) => value !== undefined);
  if (!isSecure) return undefined;
  const found = {
    ...(tlsCa === undefined ? {} : { ca: contentOf("--tls-ca", tlsCa) }),
    ...(tlsCert === undefined ? {} : { cert: contentOf("--tls-cert", tlsCert) }),
    ...(tlsKey === undefined ? {} : { key: contentOf("--tls-key", tlsKey) }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] =
      tlsCert === undefined ? ["--tls-key", "--tls-cert"] : ["--tls-cert", "--tls-key"];
    throw new CliError(`${given} is set without ${missing}; set both, or none`, EXIT.usage);
  }
  return found;
}

/** A file is read again for each call, because tokens in files are replaced before they expire. */
function tokenOf({
  token,
  tokenFile,
}: SecureOptions & { readonly token?: string }): ConnectionOptions["token"] {
  if (tokenFile === undefined) return token;
  const read = () => String(contentOf("--token-file", tokenFile)).trim();
  if (read() === "")
    throw new CliError(`--token-file ${tokenFile} is empty; write the token into it`, EXIT.usage);
  return read;
}

function contentOf(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(`${option}: cannot read ${path} (${why}); name a readable file`, EXIT.usage);
  }
}

function readSwitch(name: string, variable: string, value: string): string | boolean {
  if (name !== "tls" && name !== "allowInsecureToken") return value;
  const isOn = SWITCHES.get(value.toLowerCase());
  if (isOn === undefined)
    throw new CliError(`${variable} is ${JSON.stringify(value)}; use true or false`, EXIT.usage);
  return isOn;
}
