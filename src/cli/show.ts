/**
 * `ate-dispatcher request show`: shows one request as a waterfall, with a row per producer.
 */
import type { RequestDetails } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { withSnakeCaseKeys } from "./info-event.js";
import { dateTime, span } from "./numbers.js";
import { type Paint, sanitize } from "./output.js";
import type { RequestFlags } from "./request-options.js";
import { colourOf, requestEvent, stateOf } from "./requests.js";
import { orStopped } from "./time.js";
import { drawWaterfall } from "./waterfall.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2
  $ ate-dispatcher request show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2   # the same
  $ ate-dispatcher show nightly-report --json | jq .timeline

The waterfall has a row per producer: · waits for credit, ━ is assigned. A row ends with ● answered, ✗ failed,
╳ departed, ■ saturated, or ○ late; • is a partial result, ┊ is the TTL. "ate-dispatcher requests" lists the requests
that can be shown.`;

const CLASH = `
"request show <request-id>" shows a request, like "ate-dispatcher show". To send a request with one argument to a topic
named show, add any option of a request, such as --ttl 5s.`;

/** Adds `show`, and a note about `request show` to the help of `request`. */
export function addShow(program: Command, cli: Cli): void {
  const command = program
    .command("show")
    .summary("show one request as a waterfall")
    .description(
      "Shows one request, pending or recently ended: its producers, and when each of them answered.",
    )
    .argument("<request-id>", "the id that the acceptance shows");
  addConnectOptions(command, cli)
    .addHelpText("after", EXAMPLES)
    .action((requestId: string, flags: ConnectOptions) => showRequest(requestId, flags, cli));
  program.commands.find((other) => other.name() === "request")?.addHelpText("after", CLASH);
}

/** Whether `request` was called as `request show <id>`: one argument, and none of the options of a request. */
export function isShow(
  topic: string,
  args: readonly string[],
  flags: RequestFlags & { readonly validateOnly?: boolean },
): boolean {
  const { kw, ttl, dataFile, contentType, attribute, id, noProducers, validateOnly } = flags;
  const isPlain = [kw, ttl, dataFile, contentType, attribute, id, validateOnly].every((x) => x === undefined);
  return topic === "show" && args.length === 1 && isPlain && (noProducers ?? "complete") === "complete";
}

/** Prints one request. */
export async function showRequest(requestId: string, flags: ConnectOptions, cli: Cli): Promise<void> {
  const output = cli.output(flags.json === true);
  const request = await withClient(flags, cli, ({ introspect }) =>
    orStopped(introspect.request(requestId), cli.stop),
  );
  await output.result(detailsEvent(request), () => detailsLines(request, output.paint).join("\n"));
  cli.exitWith(EXIT.ok);
}

function detailsEvent({ timeline, ...request }: RequestDetails): object {
  return { ...requestEvent(request), timeline: timeline.map(withSnakeCaseKeys) };
}

function detailsLines(request: RequestDetails, paint: Paint): readonly string[] {
  const { requestId, topic, acceptTime, pending, summary } = request;
  const rows: readonly (readonly [string, string])[] = [
    ["request", sanitize(requestId)],
    ["topic", sanitize(topic)],
    ["accepted", dateTime(acceptTime)],
  ];
  const { answeredCount, targetedCount, satisfied, elapsedMs } = summary;
  const verdict = satisfied ? paint("green", "satisfied") : paint("red", "not satisfied");
  const state = paint(colourOf(request), stateOf(request));
  const waterfall = drawWaterfall(request, paint);
  return [
    ...rows.map(([label, value]) => `${paint("dim", label.padEnd(9))}  ${value}`),
    "",
    `${state} ${pending ? "for" : "after"} ${span(elapsedMs)}: ${answeredCount} of ${targetedCount} answered` +
      (pending ? "" : `, ${verdict}`),
    ...(waterfall.length === 0 ? ["  no producer was asked"] : waterfall),
  ];
}
