/**
 * `ate-dispatcher producers`: lists the producers, with their load and latency.
 */
import type { ProducerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { infoEvent } from "./info-event.js";
import { addList, PAGE_SIZE } from "./list.js";
import { count, dateTime } from "./numbers.js";
import { ms } from "./render.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher producers
  $ ate-dispatcher producers quotes.gold                # the producers that a request would ask
  $ ate-dispatcher producers 'quotes.*'
  $ ate-dispatcher producers --json | jq -r 'select(.missed_count > 0) | .producer_id'

BUSY is the number of outstanding assignments and their maximum. WAITING is the number of assignments that wait for
credit. P50 and P95 are percentiles of the time from assignment to final result. ANSWERED, FAILED and MISSED count since
the producer connected.`;

/** The maximum number of topics in a table cell; a producer may have thousands. */
const MAX_NAMED_TOPICS = 3;

const COLUMNS: readonly Column<ProducerInfo>[] = [
  {
    title: "PRODUCER",
    text: ({ producerId, displayName }) =>
      displayName === "" ? producerId : `${producerId} "${displayName}"`,
  },
  {
    title: "TOPICS",
    text: ({ registrations, registrationCount }) => {
      const names = registrations.map(({ topic, group }) => (group === "" ? topic : `${topic} (${group})`));
      return shortList(names, registrationCount);
    },
  },
  {
    title: "BUSY",
    align: "right",
    text: ({ outstandingCount, maxOutstanding }) => `${count(outstandingCount)}/${count(maxOutstanding)}`,
  },
  {
    title: "WAITING",
    align: "right",
    text: ({ backlogCount }) => count(backlogCount),
    colour: ({ backlogCount }) => (backlogCount > 0 ? "yellow" : undefined),
  },
  { title: "ANSWERED", align: "right", text: ({ answeredCount }) => count(answeredCount) },
  {
    title: "FAILED",
    align: "right",
    text: ({ failedCount }) => count(failedCount),
    colour: ({ failedCount }) => (failedCount > 0 ? "red" : undefined),
  },
  {
    title: "MISSED",
    align: "right",
    text: ({ missedCount }) => count(missedCount),
    colour: ({ missedCount }) => (missedCount > 0 ? "yellow" : undefined),
  },
  { title: "P50", align: "right", text: ({ latencyP50Ms }) => latency(latencyP50Ms) },
  { title: "P95", align: "right", text: ({ latencyP95Ms }) => latency(latencyP95Ms) },
  {
    title: "CONNECTED",
    text: ({ connectTime, draining }) => `${dateTime(connectTime)}${draining ? " (draining)" : ""}`,
  },
  { title: "FROM", text: ({ peer }) => peer },
  {
    title: "LABELS",
    text: ({ labels }) =>
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
  },
];

/** Adds the command. */
export function addProducers(program: Command, cli: Cli): void {
  addList(program, cli, {
    name: "producers",
    summary: "list producers, their load and latency",
    description: "Lists the connected producers by id, with their assignments and latency.",
    topicHelp: "only producers of this topic, or of a topic that matches this pattern",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.producers({ topic, pageSize: PAGE_SIZE }),
    event: (item) => infoEvent("producer", item),
    columns: COLUMNS,
  });
}

/**
 * Names the first few topics, and the number of the others.
 *
 * @param total - the number of all topics; `topics` may be the first of them.
 */
export function shortList(topics: readonly string[], total: number): string {
  const more = total - MAX_NAMED_TOPICS;
  return more <= 0
    ? topics.join(", ")
    : `${topics.slice(0, MAX_NAMED_TOPICS).join(", ")}, ${count(more)} more`;
}

/** Formats a latency; a dash before the first result. */
export function latency(value: number | undefined): string {
  return value === undefined ? "-" : ms(value);
}
