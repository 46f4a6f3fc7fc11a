/**
 * The output of `top`, as text and as a JSON event.
 */
import { infoEvent, withSnakeCaseKeys } from "./info-event.js";
import { age, count, rate, size } from "./numbers.js";
import { type Paint, sanitize } from "./output.js";
import { latency } from "./producers.js";
import { type Column, drawTable } from "./table.js";
import type { BusyProducer, BusyTopic, Load } from "./top-load.js";

const TOPICS: readonly Column<BusyTopic>[] = [
  { title: "TOPIC", text: ({ topic }) => topic },
  { title: "RESULTS/s", align: "right", text: ({ resultsPerSecond }) => rate(resultsPerSecond) },
  { title: "PENDING", align: "right", text: ({ pendingCount }) => count(pendingCount) },
  { title: "PRODUCERS", align: "right", text: ({ producerCount }) => count(producerCount) },
  { title: "LISTENERS", align: "right", text: ({ listenerCount }) => count(listenerCount) },
];

const PRODUCERS: readonly Column<BusyProducer>[] = [
  { title: "PRODUCER", text: ({ producerId }) => producerId },
  { title: "ANSWERS/s", align: "right", text: ({ answersPerSecond }) => rate(answersPerSecond) },
  {
    title: "BUSY",
    align: "right",
    text: ({ outstandingCount, maxOutstanding }) => `${count(outstandingCount)}/${count(maxOutstanding)}`,
  },
  { title: "WAITING", align: "right", text: ({ backlogCount }) => count(backlogCount) },
  { title: "FAILED", align: "right", text: ({ failedCount }) => count(failedCount) },
  { title: "MISSED", align: "right", text: ({ missedCount }) => count(missedCount) },
  { title: "P50", align: "right", text: ({ latencyP50Ms }) => latency(latencyP50Ms) },
  { title: "P95", align: "right", text: ({ latencyP95Ms }) => latency(latencyP95Ms) },
];

/** Formats the load as text. @param rows - the maximum number of topics, and of producers. */
export function loadLines(load: Load, address: string, rows: number, paint: Paint): readonly string[] {
  const { server, rates, topics, producers } = load;
  const { counts } = server;
  const state = server.draining ? "  draining" : "";
  return [
    `ate-dispatcher ${sanitize(server.version)}  ${address}  up ${age(server.uptimeMs)}${state}`,
    figures([
      ["requests/s", rate(rates?.requests)],
      ["results/s", rate(rates?.results)],
      ["deliveries/s", rate(rates?.deliveries)],
      ["late/s", rate(rates?.late)],
      ["dropped/s", rate(rates?.dropped)],
      ...(rates !== undefined && rates.rejected > 0 ? [["rejected/s", rate(rates.rejected)] as const] : []),
    ]),
    figures([
      ["pending", count(counts.pendingRequests)],
      ["outstanding", count(counts.outstandingAssignments)],
      ["waiting", count(counts.waitingAssignments)],
      ["listeners", count(counts.listeners)],
      ["retained", size(counts.retainedBytes)],
    ]),
    "",
    ...busiest(TOPICS, topics, counts.topics, rows, paint),
    "",
    ...busiest(PRODUCERS, producers, counts.producers, rows, paint),
  ];
}

/** The number of lines in addition to the rows of topics and producers. */
export const FIXED_LINES = 7;

/** Formats the load as a JSON event. @param rows - the maximum number of topics, and of producers. */
export function loadEvent({ server, rates, topics, producers }: Load, rows: number): object {
  const { counts, totals, limits: _, ...process } = server;
  return {
    ...infoEvent("top", process),
    rates: rates === undefined ? null : withSnakeCaseKeys(rates),
    counts: withSnakeCaseKeys(counts),
    totals: withSnakeCaseKeys(totals),
    topics: topics.slice(0, rows).map(withSnakeCaseKeys),
    producers: producers.slice(0, rows).map(withSnakeCaseKeys),
  };
}

function figures(named: readonly (readonly [name: string, value: string])[]): string {
  return named.map(([name, value]) => `${name} ${value}`).join("   ");
}

/** Draws a table of the first `rows` items. Its title has the number of all items. */
function busiest<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  total: number,
  rows: number,
  paint: Paint,
): readonly string[] {
  const shown = items.slice(0, rows);
  const [first, ...rest] = columns;
  if (first === undefined) return [];
  const more = total > shown.length ? ` (${count(shown.length)} of ${count(total)})` : "";
  return drawTable([{ ...first, title: `${first.title}${more}` }, ...rest], shown, paint);
}
