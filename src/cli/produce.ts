/**
 * `ate-dispatcher produce`: answers requests with an echo or with the output of a command.
 */
import { availableParallelism } from "node:os";
import type {
  AssignmentContext,
  Handler,
  HandlerResult,
  Producer,
  ProducerOptions,
} from "ate-dispatcher-client";
import { type Command, Option } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { createExecutor } from "./exec.js";
import { CliError, EXIT } from "./exit.js";
import { sanitize } from "./output.js";
import { createStatusNotes } from "./session-notes.js";
import { orStopped, pause } from "./time.js";
import { anyMs, bytesFrom, collectPairs, nonEmpty, positiveCount } from "./values.js";
import { createWorkLog } from "./work-log.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher produce topic1 my_topic --echo --delay 200ms --id producer1
  $ ate-dispatcher produce greet --exec 'jq -c "{hello: .args[0]}"'
  $ ate-dispatcher produce 'sensors.*' --exec ./read-sensor --concurrency 1 --label site=north

--exec runs the command with sh for each request:
  standard input    the request as JSON: topic, args, kwargs, request_id, assignment_id, attempt, ttl_ms, attributes,
                    content_type, and data in base64 if the request has data
  environment       ATE_TOPIC, ATE_REQUEST_ID, ATE_TTL_MS (the rest of the TTL)
  standard output   the result: JSON if it parses as JSON, text otherwise; bytes (application/octet-stream) if it is not
                    UTF-8, and always with --content-type
  exit code         not 0: an error result with the code and the end of standard error
Numbers that JSON does not have arrive as "NaN", "Infinity" and "-Infinity". A printed number with more digits than a
double can hold is sent as text. The result is complete when the command itself exits: a child process in the background
delays it by 0.2 s at most, and continues. If the request ends first, the command and its child processes get SIGTERM,
and SIGKILL after 2 s.

SIGTERM or Ctrl-C: takes no new requests, finishes pending ones, and exits with code 0.`;

interface Flags extends ConnectOptions {
  readonly echo?: boolean;
  readonly exec?: string;
  readonly delay?: number;
  readonly concurrency?: number;
  readonly contentType?: string;
  readonly maxOutput?: number;
  readonly id?: string;
  readonly group?: string;
  readonly label?: readonly (readonly [string, string])[];
  readonly quiet?: boolean;
}

const KILL_GRACE_MS = 2_000;
/** A quarter of the default message limit: numbers take up to six times as many bytes on the wire as in JSON. */
const DEFAULT_MAX_OUTPUT_BYTES = 256 * 1_024;
const DEFAULT_ECHO_CONCURRENCY = 256;
/** Longer than any TTL. A second signal ends the process at once. */
const DRAIN_GRACE_MS = 7 * 86_400_000;

/** Adds the command. */
export function addProduce(program: Command, cli: Cli): void {
  const command = program
    .command("produce")
    .summary("answer requests, by echo or with any program")
    .description("Answers the requests on topics with an echo, or runs a command for each.")
    .argument("<topic...>", "topics or patterns");
  addConnectOptions(command, cli)
    .addOption(new Option("--echo", "answer with id, topic, args and kwargs").conflicts("exec"))
    .addOption(
      new Option("--exec <command>", "answer with the output of a shell command")
        .argParser(nonEmpty)
        .conflicts("echo"),
    )
    .option("--delay <duration>", "delay before each answer", anyMs)
    .option(
      "-c, --concurrency <n>",
      `maximum number of requests at a time (default: ${DEFAULT_ECHO_CONCURRENCY} with --echo, the number of processors with --exec)`,
      positiveCount,
    )
    .addOption(
      new Option("--content-type <type>", "send the output of a command as bytes of this media type")
        .argParser(nonEmpty)
        .conflicts("echo"),
    )
    .option("--max-output <size>", "maximum output of a command (default: 256KiB)", bytesFrom(1))
    .option("--id <producer-id>", "id of this producer; it replaces a producer with the same id", nonEmpty)
    .option("--group <name>", "share the requests with the other members of this group", nonEmpty)
    .option("--label <key=value>", "label for selectors to match; may be repeated", collectPairs)
    .option("-q, --quiet", "do not print a line for each request")
    .addHelpText("after", EXAMPLES)
    .action(async (topics: readonly string[], flags: Flags) => {
      await produce(topics, flags, cli);
      cli.exitWith(EXIT.ok);
    });
}

async function produce(topics: readonly string[], flags: Flags, cli: Cli): Promise<void> {
  const output = cli.output(flags.json === true);
  const answer = createAnswer(flags, cli);
  await withClient(flags, cli, async (client, { answered, notes }) => {
    const handler: Handler = (assignment) => answer(assignment, producer.id ?? "");
    const log = flags.quiet ? undefined : createWorkLog(output);
    const producer: Producer = client.createProducer({
      ...optionsOf(topics, flags),
      handler: log?.watch(handler) ?? handler,
      onStatus: createStatusNotes(output, notes),
      ...(log && { onDisposition: log.onDisposition }),
    });
    await orStopped(producer.ready(), cli.stop);
    answered();
    const ready = { event: "ready", producer_id: producer.id, topics };
    output.note(ready, `answering on ${sanitize(topics.join(", "))} as ${sanitize(producer.id ?? "")}`);
    await Promise.race([producer.closed, pause(undefined, cli.stop)]);
    if (cli.stop.aborted) output.note({ event: "draining" }, "draining: finishing pending requests");
    await producer.close({ graceMs: DRAIN_GRACE_MS });
  });
}

type Answer = (assignment: AssignmentContext, id: string) => Promise<HandlerResult>;

function createAnswer(flags: Flags, cli: Cli): Answer {
  const { delay } = flags;
  const compute = createComputation(flags, cli);
  return async (assignment, id) => {
    if (delay) await pause(delay, assignment.signal);
    assignment.signal.throwIfAborted();
    return compute(assignment, id);
  };
}

function createComputation({ echo, exec, maxOutput, contentType }: Flags, cli: Cli): Answer {
  if (echo) return async ({ topic, args, kwargs }, id) => ({ id, some_key: topic, args, kwargs });
  if (exec === undefined)
    throw new CliError("no answer is defined; add --echo or --exec 'command'", EXIT.usage);
  const executor = createExecutor({
    command: exec,
    environment: cli.environment,
    maxOutputBytes: maxOutput ?? DEFAULT_MAX_OUTPUT_BYTES,
    killGraceMs: KILL_GRACE_MS,
    contentType,
  });
  cli.atExit(() => executor.killAll());
  return (assignment) => executor.run(assignment);
}

function optionsOf(
  topics: readonly string[],
  { exec, concurrency, id, group, label }: Flags,
): Omit<ProducerOptions, "handler"> {
  const maxAssignments =
    concurrency ?? (exec === undefined ? DEFAULT_ECHO_CONCURRENCY : availableParallelism());
  return {
    topics: topics.map((topic) => (group === undefined ? topic : { topic, group })),
    concurrency: maxAssignments,
    ...(id !== undefined && { id }),
    ...(label !== undefined && { labels: Object.fromEntries(label) }),
  };
}
