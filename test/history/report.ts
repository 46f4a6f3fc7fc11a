/** The report of a run: a line of figures, and the evidence of each broken promise. */
import { Facts } from "./facts.js";
import type { HistoryEvent } from "./history.js";
import type { Violation } from "./invariants/violation.js";
import type { Plan } from "./plan.js";

/** How many violations of a promise are shown, and how many events of a violation. */
const MAX_VIOLATIONS = 3;
const MAX_EVENTS = 40;
/** Maximum characters of a line; the file has the whole event. */
const MAX_LINE = 300;

/** One line of figures. */
export function figuresOf(plan: Plan, events: readonly HistoryEvent[]): string {
  const { whole } = new Facts(events);
  const count = (kind: HistoryEvent["kind"]) => events.filter((event) => event.kind === kind).length;
  const faults = count("producerBroken") + count("listenerBroken") + count("callerBroken");
  const worstMs = Math.max(0, ...whole.all("probed").map(({ at, sentAt }) => at - sentAt));
  return [
    `seed ${plan.seed}`,
    plan.restarts ? "with a restart" : "",
    plan.forgets ? "with little retained" : "",
    `${new Set(whole.all("accepted").map(({ requestId }) => requestId)).size} requests`,
    `${count("assigned")} assignments`,
    `${count("replied")} replies`,
    `${count("delivered")} deliveries`,
    `${count("gap")} gaps`,
    `${faults} faults of actors`,
    `slowest answer to a probe ${Math.round(worstMs)} ms`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** Describes violations, grouped by promise. */
export function describe(violations: readonly Violation[], events: readonly HistoryEvent[]): string {
  const byPromise = new Map<string, Violation[]>();
  for (const violation of violations) {
    const title = `${violation.name}: ${violation.promise}`;
    byPromise.set(title, [...(byPromise.get(title) ?? []), violation]);
  }
  return [...byPromise]
    .map(([title, all]) => {
      const shown = all.slice(0, MAX_VIOLATIONS).map((violation) => sliceOf(violation, events));
      return `BROKEN ${title}\n(${all.length} times)\n${shown.join("\n")}`;
    })
    .join("\n\n");
}

/** Describes a violation with all events of its request, in order. */
function sliceOf({ text, events: shown }: Violation, events: readonly HistoryEvent[]): string {
  const ids = new Set(shown.flatMap((event) => ("requestId" in event ? [event.requestId] : [])));
  const about = events
    .filter((event) => "requestId" in event && ids.has(event.requestId))
    .slice(0, MAX_EVENTS);
  const start = events[0]?.at ?? 0;
  const line = ({ at, kind, ...said }: HistoryEvent) => {
    const mark = shown.some((event) => event.at === at && event.kind === kind) ? ">" : " ";
    const text = JSON.stringify(said).slice(0, MAX_LINE);
    return `  ${mark} ${(at - start).toFixed(1).padStart(9)} ${kind} ${text}`;
  };
  const lines = [...new Set([...about, ...shown])].sort((a, b) => a.at - b.at).map(line);
  return `  ${text}\n${lines.join("\n")}`;
}
