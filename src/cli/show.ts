/**
 * `ate-dispatcher request show`: what became of one request, producer by producer, as a waterfall.
 */
import type { RequestDetails } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addConnectOptions, type ConnectOptions, withClient } from "./connect.js";
import { EXIT } from "./exit.js";
import { snakeCased } from "./look-event.js";
import { dateTime, span } from "./numbers.js";
import type { Paint } from "./output.js";
import type { RequestFlags } from "./request-options.js";
import { colourOf, requestEvent, stateOf } from "./requests.js";
import { orStop } from "./time.js";
import { drawWaterfall } from "./waterfall.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2
  $ ate-dispatcher request show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2   # the same
  $ ate-dispatcher show nightly-report --json | jq .timeline

A row per producer: · waits for its turn, ━ is at work, and ends with ● answered, ✗ failed, ╳ departed, ■ no room,
○ late; • is a partial result, ┊ the TTL. "ate-dispatcher requests" lists what can be shown.`;

const CLASH = `
"request show <request-id>" shows a request instead, like "ate-dispatcher show". To ask a topic that is called show with
one argument alone, add an option of a request, such as --ttl 5s.`;

/** Adds `show`, and a word about `request show` to the help of `request`. */
export function addShow(program: Command, cli: Cli): void {
  const command = program
    .command("show")
    .summary("show what became of a request, as a waterfall")
    .description(
      "Shows one request, in flight or recent: whom it asked, who answered when, and who was late by how much.",
    )
    .argument("<request-id>", "as the acceptance named it");
  addConnectOptions(command, cli)
    .addHelpText("after", EXAMPLES)
    .action((requestId: string, flags: ConnectOptions) => showRequest(requestId, flags, cli));
  program.commands.find((other) => other.name() === "request")?.addHelpText("after", CLASH);
}

/** Whether `request` was called to show a request: `request show <id>`, and nothing that only asking takes. */
export function isShow(
  topic: string,
  args: readonly string[],
  flags: RequestFlags & { readonly validateOnly?: boolean },
): boolean {
  const { kw, ttl, dataFile, contentType, attribute, id, noProducers, validateOnly } = flags;
  const isPlain = [kw, ttl, dataFile, contentType, attribute, id, validateOnly].every((x) => x === undefined);
  return topic === "show" && args.length === 1 && isPlain && (noProducers ?? "complete") === "complete";
}

/** Prints a request. */
export async function showRequest(requestId: string, flags: ConnectOptions, cli: Cli): Promise<void> {
  const output = cli.output(flags.json === true);
  const request = await withClient(flags, cli, ({ introspect }) =>
    orStop(introspect.request(requestId), cli.stop),
  );
  await output.result(detailsEvent(request), () => detailsLines(request, output.paint).join("\n"));
  cli.exitWith(EXIT.ok);
}

function detailsEvent({ timeline, ...request }: RequestDetails): object {
  return { ...requestEvent(request), timeline: timeline.map(snakeCased) };
}

function detailsLines(request: RequestDetails, paint: Paint): readonly string[] {
  const { requestId, topic, acceptTime, pending, summary } = request;
  const rows: readonly (readonly [string, string])[] = [
    ["request", requestId],
    ["topic", topic],
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
    ...(waterfall.length === 0 ? ["  nobody was asked"] : waterfall),
  ];
}
