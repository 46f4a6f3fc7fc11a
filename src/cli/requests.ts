/**
 * `ate-dispatcher requests`: lists requests in flight and recent ones.
 */
import type { RequestInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import { formatDurationMs } from "../config/quantity.js";
import type { Cli } from "./cli.js";
import type { ConnectOptions } from "./connect.js";
import { addList } from "./list.js";
import { snakeCased } from "./look-event.js";
import { count, dateTime, span } from "./numbers.js";
import type { Colour } from "./output.js";
import { summaryEvent } from "./render.js";
import type { Column } from "./table.js";
import { positiveCount } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher requests
  $ ate-dispatcher requests quotes.gold --pending
  $ ate-dispatcher requests --json | jq -r 'select(.missing_count > 0) | .request_id'
  $ ate-dispatcher request show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2   # one of them, who answered when

The dispatcher remembers as many ended requests as recentRequests says, 1,000 by default.`;

interface Flags extends ConnectOptions {
  readonly pending?: boolean;
  readonly count: number;
}

const DEFAULT_COUNT = 100;
/** One request names all its producers, so a page of them may be large. */
const MAX_PAGE_SIZE = 100;

const COLUMNS: readonly Column<RequestInfo>[] = [
  { title: "REQUEST", text: ({ requestId }) => requestId },
  { title: "TOPIC", text: ({ topic }) => topic },
  { title: "ACCEPTED", text: ({ acceptTime }) => dateTime(acceptTime) },
  { title: "TTL", align: "right", text: ({ ttlMs }) => formatDurationMs(Math.round(ttlMs)) },
  { title: "STATE", text: stateOf, colour: colourOf },
  { title: "AFTER", align: "right", text: ({ summary }) => span(summary.elapsedMs) },
  {
    title: "ANSWERED",
    align: "right",
    text: ({ summary }) => `${count(summary.answeredCount)}/${count(summary.targetedCount)}`,
  },
  {
    title: "FAILED",
    align: "right",
    text: ({ summary }) => count(summary.failedCount),
    colour: ({ summary }) => (summary.failedCount > 0 ? "red" : undefined),
  },
  {
    title: "MISSING",
    align: "right",
    text: ({ summary }) => count(summary.missingCount),
    colour: ({ summary, pending }) => (summary.missingCount > 0 && !pending ? "yellow" : undefined),
  },
];

/** Adds the command. */
export function addRequests(program: Command, cli: Cli): void {
  addList<RequestInfo, Flags>(program, cli, {
    name: "requests",
    summary: "list requests in flight and recent ones",
    description: "Lists the requests in flight and the recent ones, the newest first.",
    topic: "only requests on this topic",
    examples: EXAMPLES,
    addOptions: (command) =>
      command
        .option("--pending", "only those in flight")
        .option("-n, --count <n>", "the most to show", positiveCount, DEFAULT_COUNT),
    fetch: ({ introspect }, topic, flags) => {
      // One more than is shown tells whether there are more.
      const pageSize = Math.min(flags.count + 1, MAX_PAGE_SIZE);
      return introspect.requests({ topic, pageSize, pendingOnly: flags.pending === true });
    },
    most: (flags) => flags.count,
    event: requestEvent,
    columns: COLUMNS,
  });
}

/** A request as a JSON event: its summary, with what else is known. */
export function requestEvent({ summary, ...request }: RequestInfo): object {
  const { reason } = summary;
  return {
    // A summary in all but the reason, which is null while there is none.
    ...summaryEvent({ ...summary, reason: reason ?? "EXPIRED" }),
    event: "request",
    reason: reason ?? null,
    ...snakeCased(request),
  };
}

/** How a request stands, in one word. */
export function stateOf({ pending, summary }: RequestInfo): string {
  return pending ? "in flight" : (summary.reason ?? "");
}

/** The colour of a request's state: green if it got what it asked for. */
export function colourOf({ pending, summary }: RequestInfo): Colour {
  if (pending) return "cyan";
  return summary.satisfied ? "green" : "yellow";
}
