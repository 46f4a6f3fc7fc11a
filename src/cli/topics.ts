/**
 * `ate-dispatcher topics`: lists topics, with their producers, listeners and retained results.
 */
import type { TopicInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { infoEvent } from "./info-event.js";
import { addList, PAGE_SIZE } from "./list.js";
import { count, size } from "./numbers.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher topics
  $ ate-dispatcher topics 'sensors.>'
  $ ate-dispatcher topics --json | jq -r 'select(.producer_count == 0) | .topic'

The list has the topics that the dispatcher holds state for: those that a listener has named, or that a request was sent
to. "ate-dispatcher producers" shows all topics that producers are registered for.`;

const COLUMNS: readonly Column<TopicInfo>[] = [
  { title: "TOPIC", text: ({ topic }) => topic },
  {
    title: "PRODUCERS",
    align: "right",
    text: ({ producerCount }) => count(producerCount),
    colour: ({ producerCount }) => (producerCount === 0 ? "yellow" : undefined),
  },
  { title: "LISTENERS", align: "right", text: ({ listenerCount }) => count(listenerCount) },
  { title: "PENDING", align: "right", text: ({ pendingCount }) => count(pendingCount) },
  { title: "SEQUENCE", align: "right", text: ({ sequence }) => count(sequence) },
  { title: "RETAINED", align: "right", text: ({ retainedCount }) => count(retainedCount) },
  { title: "SIZE", align: "right", text: ({ retainedBytes }) => size(retainedBytes) },
];

/** Adds the command. */
export function addTopics(program: Command, cli: Cli): void {
  addList(program, cli, {
    name: "topics",
    summary: "list topics, with their producers and listeners",
    description: "Lists the topics by name, with their producers, listeners and retained results.",
    topicHelp: "only this topic, or topics that match this pattern",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.topics({ topic, pageSize: PAGE_SIZE }),
    event: (item) => infoEvent("topic", item),
    columns: COLUMNS,
  });
}
