/**
 * `ate-dispatcher listeners`: lists who hears, who lags, and who has lost something.
 */
import type { ListenerInfo } from "ate-dispatcher-client";
import type { Command } from "commander";
import type { Cli } from "./cli.js";
import { addList, PAGE_SIZE } from "./list.js";
import { lookEvent } from "./look-event.js";
import { count, dateTime, size } from "./numbers.js";
import { named } from "./producers.js";
import type { Column } from "./table.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher listeners
  $ ate-dispatcher listeners quotes.gold                # who would hear
  $ ate-dispatcher listeners --json | jq -r 'select(.dropped_count > 0) | .listener_id'

QUEUED is what waits because the listener reads too slowly, OF how much may wait, DROPPED what it has lost by that.`;

const COLUMNS: readonly Column<ListenerInfo>[] = [
  { title: "LISTENER", text: ({ listenerId }) => listenerId },
  { title: "TOPICS", text: ({ topics }) => named(topics) },
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
    summary: "list who hears, and who lags",
    description: "Lists the connected listeners by id, with what waits for them and what they have lost.",
    topic: "only those who hear this topic",
    examples: EXAMPLES,
    fetch: ({ introspect }, topic) => introspect.listeners({ topic, pageSize: PAGE_SIZE }),
    event: (item) => lookEvent("listener", item),
    columns: COLUMNS,
  });
}
