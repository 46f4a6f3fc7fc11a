/**
 * `ate-dispatcher listeners`: lists the listeners, with their queues and losses.
 */
import type { ListenerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { infoEvent } from "./info-event.js";
import { addList, PAGE_SIZE } from "./list.js";
import { count, dateTime, size } from "./numbers.js";
import { shortList } from "./producers.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher listeners
  $ ate-dispatcher listeners quotes.gold                # who receives its results
  $ ate-dispatcher listeners --json | jq -r 'select(.dropped_count > 0) | .listener_id'

QUEUED is the size of the deliveries that the listener has not read yet, OF is the size of its buffer, and DROPPED is the
number of deliveries that it lost because the buffer was full.`;

const COLUMNS: readonly Column<ListenerInfo>[] = [
  { title: "LISTENER", text: ({ listenerId }) => listenerId },
  { title: "TOPICS", text: ({ topics, topicCount }) => shortList(topics, topicCount) },
  { title: "GROUP", text: ({ group }) => group || "-" },
  {
    title: "QUEUED",
    align: "right",
    text: ({ queuedBytes }) => size(queuedBytes),
    colour: ({ queuedBytes, bufferBytes }) => (queuedBytes > bufferBytes / 2 ? "yellow" : undefined),
  },
  { title: "OF", align: "right", text: ({ bufferBytes }) => size(bufferBytes) },
  { title: "DELIVERED", align: "right", text: ({ deliveredCount }) => count(deliveredCount) },
  {
    title: "DROPPED",
    align: "right",
    text: ({ droppedCount }) => count(droppedCount),
    colour: ({ droppedCount }) => (droppedCount > 0 ? "red" : undefined),
  },
  { title: "CONNECTED", text: ({ connectTime }) => dateTime(connectTime) },
  { title: "FROM", text: ({ peer }) => peer },
];

/** Adds the command. */
export function addListeners(program: Command, cli: Cli): void {
  addList(program, cli, {
    name: "listeners",
    summary: "list listeners, their queues and losses",
    description: "Lists the connected listeners by id, with their queued and dropped deliveries.",
    topicHelp: "only listeners of this topic, or of a topic that matches this pattern",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.listeners({ topic, pageSize: PAGE_SIZE }),
    event: (item) => infoEvent("listener", item),
    columns: COLUMNS,
  });
}
