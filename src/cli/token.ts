/**
 * `ate-dispatcher token new`: makes a static token, and the line of the token file that admits it.
 */
import { randomBytes } from "node:crypto";
import { Argument, type Command, InvalidArgumentError } from "commander";
import { groupsProblem, idProblem } from "../auth/identity.js";
import { tokenDigest } from "../auth/static-tokens.js";
import { parseDurationMs } from "../config/quantity.js";
import type { Cli } from "./cli.js";
import { EXIT } from "./exit.js";
import { collect } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher token new --id orders-api
  $ ate-dispatcher token new --id orders-api --group traders --group ops --expires 30d

The first line of the output is the token, for the client. The second one is its entry in the file that authTokensFile
names; it has the digest of the token, from which nobody can find the token. The token is stored nowhere.`;

const TOKEN_BYTES = 32;
/** Says what the text is to whoever finds it, and to programs that search for secrets. */
const PREFIX = "ate_";
const MINUTE_MS = 60_000;
const MAX_EXPIRES_MS = 3_650 * 24 * 60 * MINUTE_MS;

interface Flags {
  readonly id: string;
  readonly group?: readonly string[];
  readonly expires?: number;
  readonly json?: boolean;
}

/** Adds the command. */
export function addToken(program: Command, cli: Cli): void {
  program
    .command("token")
    .summary("make a static token")
    .description("Makes a static token, and prints it with its entry for the token file of the server.")
    .addArgument(new Argument("<action>", "what to do").choices(["new"]))
    .requiredOption("--id <id>", "id of the principal that has the token", principalId)
    .option("--group <name>", "group of the principal; repeat it for several", group)
    .option("--expires <duration>", "time until the token expires, such as 30d (default: never)", expiresMs)
    .option("--json", "print one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (_action: string, flags: Flags) => {
      const output = cli.output(flags.json === true);
      const token = PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
      const entry = entryFor(token, flags);
      await output.result({ event: "token", token, entry }, () => [token, lineOf(entry)].join("\n"));
      cli.exitWith(EXIT.ok);
    });
}

type Entry = Readonly<Record<string, string | readonly string[]>>;

function entryFor(token: string, { id, group: groups = [], expires }: Flags): Entry {
  return {
    id,
    sha256: tokenDigest(token).toString("hex"),
    ...(groups.length > 0 ? { groups } : {}),
    ...(expires === undefined ? {} : { expires: instant(Date.now() + expires) }),
  };
}

/** An entry as one line of YAML, whose texts are JSON strings. */
function lineOf(entry: Entry): string {
  const fields = Object.entries(entry).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `- { ${fields.join(", ")} }`;
}

function instant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function principalId(text: string): string {
  const problem = idProblem(text, { maySpiffe: false });
  if (problem !== undefined) throw new InvalidArgumentError(`It ${problem}. Use another id.`);
  return text;
}

function group(text: string, earlier: readonly string[] = []): readonly string[] {
  const all = collect(text, earlier);
  const problem = groupsProblem(all);
  if (problem !== undefined) throw new InvalidArgumentError(`The groups ${problem}. Use others.`);
  return all;
}

function expiresMs(text: string): number {
  const ms = parseDurationMs(text);
  const hasUnit = /[a-z]\s*$/i.test(text);
  if (ms === undefined || !hasUnit || ms < MINUTE_MS || ms > MAX_EXPIRES_MS) {
    throw new InvalidArgumentError("Use 1m to 3650d, such as 30d or 12h.");
  }
  return ms;
}
