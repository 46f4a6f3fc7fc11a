/**
 * The options that `request` and `gather` share, and their conversion to a request.
 */
import { createReadStream } from "node:fs";
import type { RequestOptions } from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import { collectPairs, jsonOrText, MAX_DATA_BYTES, nonEmpty, positiveMs } from "./values.js";

type Pairs = readonly (readonly [string, string])[];

/** The parsed options. */
export interface RequestFlags {
  readonly kw?: Pairs;
  readonly ttl?: number;
  readonly dataFile?: string;
  readonly contentType?: string;
  readonly attribute?: Pairs;
  readonly id?: string;
  readonly noProducers?: string;
}

const ACTIONS: Readonly<Record<string, NonNullable<RequestOptions["noProducersAction"]>>> = {
  complete: "COMPLETE",
  fail: "FAIL",
  wait: "WAIT",
};

/** Adds the arguments and options of a request to a command. */
export function addRequestOptions(command: Command): Command {
  const noProducers = new Option("--no-producers <action>", "what happens if there is no producer to ask");
  // Commander would read --no-producers as the negation of --producers.
  noProducers.negate = false;
  return command
    .argument("<topic>", "the topic to ask on")
    .argument("[arg...]", "arguments: JSON if they parse as JSON, text otherwise")
    .option(
      "-k, --kw <key=value>",
      "keyword argument; JSON or text like an argument; may be repeated",
      collectPairs,
    )
    .option("-t, --ttl <duration>", "how long results are accepted (default: the server's, 5s)", positiveMs)
    .option("-d, --data-file <file>", "file to send as data; - for standard input")
    .option("--content-type <type>", "media type of the data", nonEmpty)
    .option("--attribute <key=value>", "attribute for producers; may be repeated", collectPairs)
    .option(
      "--id <request-id>",
      "id of the request; a second request with the same id is not performed again",
      nonEmpty,
    )
    .addOption(noProducers.choices(Object.keys(ACTIONS)).default("complete"));
}

/** Converts arguments and options to a request. */
export async function requestOf(
  args: readonly string[],
  flags: RequestFlags,
  { stdin }: Pick<Cli, "stdin">,
): Promise<RequestOptions> {
  const { kw, ttl, dataFile, contentType, attribute, id, noProducers } = flags;
  const action = ACTIONS[noProducers ?? "complete"];
  return {
    args: args.map(jsonOrText),
    kwargs: Object.fromEntries((kw ?? []).map(([key, value]) => [key, jsonOrText(value)])),
    ...(ttl !== undefined && { ttlMs: ttl }),
    ...(dataFile !== undefined && { data: await read(dataFile, stdin) }),
    ...(contentType !== undefined && { contentType }),
    ...(attribute !== undefined && { attributes: Object.fromEntries(attribute) }),
    ...(id !== undefined && { requestId: id }),
    ...(action !== undefined && { noProducersAction: action }),
  };
}

async function read(file: string, stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (file === "-") return await readAll(stdin, "standard input");
  try {
    return await readAll(createReadStream(file) as AsyncIterable<Uint8Array>, file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(`--data-file: cannot read ${file} (${why}); name a readable file, or -`, EXIT.usage);
  }
}

/** Reads a stream. Larger input is rejected before it fills the memory: a device may have no end. */
async function readAll(stream: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > MAX_DATA_BYTES) {
      const remedy = "it cannot be sent; name a smaller file, or send a reference";
      throw new CliError(
        `--data-file: ${name} exceeds ${MAX_DATA_BYTES} bytes, the limit; ${remedy}`,
        EXIT.usage,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
