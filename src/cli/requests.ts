/**
 * `ate-dispatcher requests`: lists pending and recently ended requests.
 */
import type { RequestInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import { formatDurationMs } from "../config/quantity.js";
import type { Cli } from "./cli.js";
import type { ConnectOptions } from "./connect.js";
import { withSnakeCaseKeys } from "./info-event.js";
import { addList } from "./list.js";
import { count, dateTime, span } from "./numbers.js";
import type { Colour } from "./output.js";
import { summaryEvent } from "./render.js";
import type { Column } from "./table.js";
import { positiveCount } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher requests
  $ ate-dispatcher requests quotes.gold --pending
  $ ate-dispatcher requests 'quotes.>'
  $ ate-dispatcher requests --json | jq -r 'select(.missing_count > 0) | .request_id'
  $ ate-dispatcher request show 01a2093c-1ea6-747f-9f37-8c7f5dffb5f2   # one of them, step by step

The setting recentRequests says how many ended requests the dispatcher remembers, 1,000 by default.`;

interface Flags extends ConnectOptions {
  readonly pending?: boolean;
  readonly count: number;
}

const DEFAULT_COUNT = 100;
/** Lower than for other lists: a request lists all its targets, so a page may be large. */
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
    summary: "list pending and recently ended requests",
    description: "Lists pending and recently ended requests, the newest first.",
    topicHelp: "only requests on this topic, or on topics that match this pattern",
    examples: EXAMPLES,
    addOptions: (command) =>
      command
        .option("--pending", "only pending requests")
        .option("-n, --count <n>", "maximum number of requests to show", positiveCount, DEFAULT_COUNT),
    fetch: ({ introspect }, topic, flags) => {
      // One more than shown, to know whether there are more.
      const pageSize = Math.min(flags.count + 1, MAX_PAGE_SIZE);
      return introspect.requests({ topic, pageSize, pendingOnly: flags.pending === true });
    },
    maxCount: (flags) => flags.count,
    event: requestEvent,
    columns: COLUMNS,
  });
}

/** A request as a JSON event: the fields of its summary and its own. */
export function requestEvent({ summary, ...request }: RequestInfo): object {
  const { reason } = summary;
  return {
    // A summary needs a reason; the event has null while the request is pending.
    ...summaryEvent({ ...summary, reason: reason ?? "EXPIRED" }),
    event: "request",
    reason: reason ?? null,
    ...withSnakeCaseKeys(request),
  };
}

/** The state of a request, for display. */
export function stateOf({ pending, summary }: RequestInfo): string {
  return pending ? "pending" : (summary.reason ?? "");
}

/** The colour of a request's state: green if it is satisfied. */
export function colourOf({ pending, summary }: RequestInfo): Colour {
  if (pending) return "cyan";
  return summary.satisfied ? "green" : "yellow";
}
