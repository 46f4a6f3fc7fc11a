/**
 * `ate-dispatcher producers`: lists who answers, how busy and how fast.
 */
import type { ProducerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addList, PAGE_SIZE } from "./list.js";
import { lookEvent } from "./look-event.js";
import { count, dateTime } from "./numbers.js";
import { ms } from "./render.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher producers
  $ ate-dispatcher producers quotes.gold                # who would be asked
  $ ate-dispatcher producers --json | jq -r 'select(.missed_count > 0) | .producer_id'

BUSY is the assignments it owes, and how many it takes at a time; WAITING is what waits for its turn. P50 and P95 are
the times from assignment to final answer. Counts are of the session, from its connecting on.`;

/** Topics named in a table; a producer may have thousands. */
const MOST_NAMED = 3;

const COLUMNS: readonly Column<ProducerInfo>[] = [
  {
    title: "PRODUCER",
    text: ({ producerId, displayName }) =>
      displayName === "" ? producerId : `${producerId} "${displayName}"`,
  },
  {
    title: "TOPICS",
    text: ({ registrations }) =>
      named(registrations.map(({ topic, group }) => (group === "" ? topic : `${topic} (${group})`))),
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
    text: ({ connectTime, draining }) => `${dateTime(connectTime)}${draining ? " (leaving)" : ""}`,
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
    summary: "list who answers, how busy and how fast",
    description: "Lists the connected producers by id, with what they owe and how they have answered.",
    topic: "only those who are asked on this topic",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.producers({ topic, pageSize: PAGE_SIZE }),
    event: (item) => lookEvent("producer", item),
    columns: COLUMNS,
  });
}

/** The first few of many topics, and how many more there are. */
export function named(topics: readonly string[]): string {
  const more = topics.length - MOST_NAMED;
  return more <= 0 ? topics.join(", ") : `${topics.slice(0, MOST_NAMED).join(", ")}, ${count(more)} more`;
}

/** A latency, or a dash before the first answer. */
export function latency(value: number | undefined): string {
  return value === undefined ? "-" : ms(value);
}
