/**
 * `ate-dispatcher topics`: lists topics, who is on them, and what they hold.
 */
import type { TopicInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addList, PAGE_SIZE } from "./list.js";
import { lookEvent } from "./look-event.js";
import { count, size } from "./numbers.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher topics
  $ ate-dispatcher topics 'sensors.>'
  $ ate-dispatcher topics --json | jq -r 'select(.producer_count == 0) | .topic'

Listed are topics that a listener has named or that were asked, as long as the dispatcher holds something of them; what
producers are registered on besides is told by "ate-dispatcher producers".`;

const COLUMNS: readonly Column<TopicInfo>[] = [
  { title: "TOPIC", text: ({ topic }) => topic },
  {
    title: "PRODUCERS",
    align: "right",
    text: ({ producerCount }) => count(producerCount),
    colour: ({ producerCount }) => (producerCount === 0 ? "yellow" : undefined),
  },
  { title: "LISTENERS", align: "right", text: ({ listenerCount }) => count(listenerCount) },
  { title: "IN FLIGHT", align: "right", text: ({ pendingCount }) => count(pendingCount) },
  { title: "SEQUENCE", align: "right", text: ({ sequence }) => count(sequence) },
  { title: "RETAINED", align: "right", text: ({ retainedCount }) => count(retainedCount) },
  { title: "SIZE", align: "right", text: ({ retainedBytes }) => size(retainedBytes) },
];

/** Adds the command. */
export function addTopics(program: Command, cli: Cli): void {
  addList(program, cli, {
    name: "topics",
    summary: "list topics, and who is on them",
    description: "Lists the topics by name, with who is on them and what they hold.",
    topic: "only topics that this pattern covers",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.topics({ topic, pageSize: PAGE_SIZE }),
    event: (item) => lookEvent("topic", item),
    columns: COLUMNS,
  });
}
