import { checkAssignments, checkError, checkEvents, checkSummary } from "./checks.js";
import { differences } from "./diff.js";
import type { ReceivedEvent } from "./event-record.js";
import type { Expectation, ExpectedEvents } from "./scenario.js";
import type { ScenarioRun } from "./scenario-run.js";

/** Waits until the expected number of events has been reported, or one is overdue; {@link findings} reports that. */
export async function settle({ record }: ScenarioRun, expected: Expectation): Promise<void> {
  const holds: (() => boolean)[] = [];
  for (const [name, events] of Object.entries(expected.listeners ?? {})) {
    holds.push(() => record.listener(name).length >= countOf(events));
  }
  for (const [name, count] of Object.entries(expected.received_or_lost ?? {})) {
    holds.push(() => receivedOrLost(record.listener(name)).total >= count);
  }
  const { shared } = expected;
  if (shared) holds.push(() => shared.by.flatMap((name) => record.listener(name)).length >= shared.results);
  for (const name of record.gathers.keys()) holds.push(() => record.gather(name).ends.length > 0);
  for (const name of Object.keys(expected.gathers ?? {})) {
    holds.push(() => record.gather(name).ends.length > 0);
  }
  for (const [name, { assignments, revoked, dispositions, closed }] of producersOf(expected)) {
    const seen = record.producer(name);
    holds.push(() => seen.assignments.length >= (assignments?.length ?? 0));
    holds.push(() => seen.revoked.length >= Object.keys(revoked ?? {}).length);
    holds.push(() => seen.dispositions.length >= (dispositions?.length ?? 0));
    if (closed) holds.push(() => record.closed.has(name));
  }
  for (const name of Object.keys(expected.closed ?? {})) holds.push(() => record.closed.has(name));
  for (const hold of holds) {
    // The first overdue event fails the scenario; waiting for the others would only take time.
    if (!(await record.until(hold))) return;
  }
}

/** Returns the differences between the reported and the expected events. */
export function findings(run: ScenarioRun, expected: Expectation): readonly string[] {
  return [
    ...listenerFindings(run, expected),
    ...gatherFindings(run, expected),
    ...producerFindings(run, expected),
    ...closedFindings(run, expected),
  ].filter((finding) => finding !== undefined);
}

function listenerFindings(run: ScenarioRun, expected: Expectation): (string | undefined)[] {
  const { record } = run;
  const { same_order = [], received_or_lost = {}, shared } = expected;
  const free = new Set([...same_order, ...Object.keys(received_or_lost), ...(shared?.by ?? [])]);
  const names = new Set([...record.listeners.keys(), ...Object.keys(expected.listeners ?? {})]);
  const exact = [...names]
    .filter((name) => expected.listeners?.[name] !== undefined || !free.has(name))
    .map((name) =>
      checkEvents(`${name} received`, run, record.listener(name), expected.listeners?.[name] ?? []),
    );
  const [first = "", ...others] = same_order;
  const orders = others.map((other) =>
    differences(`${other} received another order than ${first}`, orderOf(run, other), orderOf(run, first)),
  );
  const losses = Object.entries(received_or_lost).map(([name, count]) => {
    const { total, isMixed } = receivedOrLost(record.listener(name));
    if (total !== count) return `${name} received or lost ${total}, not ${count}`;
    return isMixed ? undefined : `${name} did not both receive some and lose some`;
  });
  return [...exact, ...orders, ...losses, shared && sharedFinding(run, shared)];
}

function sharedFinding(run: ScenarioRun, { by, results }: { by: readonly string[]; results: number }) {
  const requests = by.map((name) => {
    const events = run.record.listener(name);
    return events.map((one) =>
      one.kind === "delivery" ? run.requestName(one.delivery.request_id) : one.kind,
    );
  });
  const shown = JSON.stringify(requests);
  if (requests.flat().length !== results) return `${by} should share ${results} results: ${shown}`;
  const distinct = requests.flatMap((all) => [...new Set(all)]);
  return new Set(distinct).size === distinct.length
    ? undefined
    : `${by} both received results of one request: ${shown}`;
}

function gatherFindings(run: ScenarioRun, expected: Expectation): (string | undefined)[] {
  return [...new Set([...run.record.gathers.keys(), ...Object.keys(expected.gathers ?? {})])].flatMap(
    (name) => {
      const { results, ends } = run.record.gather(name);
      const wanted = expected.gathers?.[name];
      if (wanted === undefined) return [`the scenario does not say what the gather ${name} should get`];
      const [end] = ends;
      const findings: (string | undefined)[] = [];
      if (wanted.results) findings.push(checkEvents(`${name} gathered`, run, results, wanted.results));
      if (wanted.failed) {
        findings.push(
          checkError(`${name} failed`, end?.kind === "failed" ? end.error : undefined, wanted.failed),
        );
      } else if (end?.kind === "failed") {
        findings.push(`${name} failed: ${JSON.stringify(end.error)}`);
      }
      if (wanted.summary) {
        const summary = end?.kind === "summary" ? end.summary : undefined;
        findings.push(checkSummary(`the summary of ${name}`, run, summary, wanted.summary));
      }
      return findings;
    },
  );
}

function producerFindings(run: ScenarioRun, expected: Expectation): (string | undefined)[] {
  return [...new Set([...run.record.producers.keys(), ...Object.keys(expected.producers ?? {})])].flatMap(
    (name) => {
      const { assignments, revoked, dispositions } = run.record.producer(name);
      const wanted = expected.producers?.[name] ?? {};
      const reasons = revoked.map(({ request_id, reason }) => `${run.requestName(request_id)}: ${reason}`);
      const wantedReasons = Object.entries(wanted.revoked ?? {}).map(([of, reason]) => `${of}: ${reason}`);
      return [
        wanted.assignments &&
          checkAssignments(`assignments of ${name}`, run, assignments, wanted.assignments),
        differences(`revoked at ${name}`, reasons.sort(), wantedReasons.sort()),
        wanted.dispositions && differences(`dispositions at ${name}`, dispositions, wanted.dispositions),
      ];
    },
  );
}

function closedFindings({ record }: ScenarioRun, expected: Expectation): (string | undefined)[] {
  const wanted = new Map(Object.entries(expected.closed ?? {}));
  for (const [name, { closed }] of producersOf(expected)) if (closed) wanted.set(name, closed);
  return [...new Set([...record.closed.keys(), ...wanted.keys()])].map((name) => {
    const error = wanted.get(name);
    const actual = record.closed.get(name);
    if (error) return checkError(`the end of ${name}`, actual, error);
    return `the server ended ${name}: ${JSON.stringify(actual)}`;
  });
}

function producersOf({ producers = {} }: Expectation) {
  return Object.entries(producers);
}

function countOf(events: ExpectedEvents): number {
  return Array.isArray(events) ? events.length : events.any_order.length;
}

function orderOf(run: ScenarioRun, listener: string): readonly string[] {
  return run.record.listener(listener).map((event) => {
    if (event.kind !== "delivery") return event.kind;
    const { request_id, producer_id, ordinal, sequence } = event.delivery;
    return `${sequence}: ${run.requestName(request_id)} ${run.producerName(producer_id)} ${ordinal}`;
  });
}

function receivedOrLost(all: readonly ReceivedEvent[]): {
  readonly total: number;
  readonly isMixed: boolean;
} {
  const received = all.filter(({ kind }) => kind === "delivery").length;
  const lost = all.reduce((sum, one) => sum + (one.kind === "gap" ? (one.gap.lost_count ?? 0) : 0), 0);
  return { total: received + lost, isMixed: received > 0 && lost > 0 };
}
