import { checkAssignments, checkError, checkHeard, checkSummary } from "./checks.js";
import { differences } from "./diff.js";
import type { Heard } from "./record.js";
import type { Expectation, ExpectedHeards } from "./scenario.js";
import type { Stage } from "./stage.js";

/** Waits until as much was seen as is expected; what does not come is left to {@link findings}. */
export async function settle({ record }: Stage, expected: Expectation): Promise<void> {
  const holds: (() => boolean)[] = [];
  for (const [name, heard] of Object.entries(expected.listeners ?? {})) {
    holds.push(() => record.listener(name).length >= countOf(heard));
  }
  for (const [name, count] of Object.entries(expected.heard_or_lost ?? {})) {
    holds.push(() => heardOrLost(record.listener(name)).total >= count);
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
    // The first that does not come fails the scenario; waiting for the others would only take time.
    if (!(await record.until(hold))) return;
  }
}

/** What is not as it should be. */
export function findings(stage: Stage, expected: Expectation): readonly string[] {
  return [
    ...listenerFindings(stage, expected),
    ...gatherFindings(stage, expected),
    ...producerFindings(stage, expected),
    ...closedFindings(stage, expected),
  ].filter((finding) => finding !== undefined);
}

function listenerFindings(stage: Stage, expected: Expectation): (string | undefined)[] {
  const { record } = stage;
  const { same_order = [], heard_or_lost = {}, shared } = expected;
  const free = new Set([...same_order, ...Object.keys(heard_or_lost), ...(shared?.by ?? [])]);
  const names = new Set([...record.listeners.keys(), ...Object.keys(expected.listeners ?? {})]);
  const exact = [...names]
    .filter((name) => expected.listeners?.[name] !== undefined || !free.has(name))
    .map((name) =>
      checkHeard(`${name} heard`, stage, record.listener(name), expected.listeners?.[name] ?? []),
    );
  const [first = "", ...others] = same_order;
  const orders = others.map((other) =>
    differences(
      `${other} heard in another order than ${first}`,
      orderOf(stage, other),
      orderOf(stage, first),
    ),
  );
  const losses = Object.entries(heard_or_lost).map(([name, count]) => {
    const { total, isMixed } = heardOrLost(record.listener(name));
    if (total !== count) return `${name} heard or lost ${total}, not ${count}`;
    return isMixed ? undefined : `${name} did not both hear some and lose some`;
  });
  return [...exact, ...orders, ...losses, shared && sharedFinding(stage, shared)];
}

function sharedFinding(stage: Stage, { by, results }: { by: readonly string[]; results: number }) {
  const requests = by.map((name) => {
    const heard = stage.record.listener(name);
    return heard.map((one) =>
      one.kind === "delivery" ? stage.requestName(one.delivery.request_id) : one.kind,
    );
  });
  const shown = JSON.stringify(requests);
  if (requests.flat().length !== results) return `${by} should share ${results} results: ${shown}`;
  const distinct = requests.flatMap((all) => [...new Set(all)]);
  return new Set(distinct).size === distinct.length ? undefined : `${by} both heard of one request: ${shown}`;
}

function gatherFindings(stage: Stage, expected: Expectation): (string | undefined)[] {
  return [...new Set([...stage.record.gathers.keys(), ...Object.keys(expected.gathers ?? {})])].flatMap(
    (name) => {
      const { results, ends } = stage.record.gather(name);
      const wanted = expected.gathers?.[name];
      if (wanted === undefined) return [`the scenario does not say what the gather ${name} should get`];
      const [end] = ends;
      const findings: (string | undefined)[] = [];
      if (wanted.results) findings.push(checkHeard(`${name} gathered`, stage, results, wanted.results));
      if (wanted.failed) {
        findings.push(
          checkError(`${name} failed`, end?.kind === "failed" ? end.error : undefined, wanted.failed),
        );
      } else if (end?.kind === "failed") {
        findings.push(`${name} failed: ${JSON.stringify(end.error)}`);
      }
      if (wanted.summary) {
        const summary = end?.kind === "summary" ? end.summary : undefined;
        findings.push(checkSummary(`the summary of ${name}`, stage, summary, wanted.summary));
      }
      return findings;
    },
  );
}

function producerFindings(stage: Stage, expected: Expectation): (string | undefined)[] {
  return [...new Set([...stage.record.producers.keys(), ...Object.keys(expected.producers ?? {})])].flatMap(
    (name) => {
      const { assignments, revoked, dispositions } = stage.record.producer(name);
      const wanted = expected.producers?.[name] ?? {};
      const reasons = revoked.map(({ request_id, reason }) => `${stage.requestName(request_id)}: ${reason}`);
      const wantedReasons = Object.entries(wanted.revoked ?? {}).map(([of, reason]) => `${of}: ${reason}`);
      return [
        wanted.assignments && checkAssignments(`${name} was asked`, stage, assignments, wanted.assignments),
        differences(`revoked at ${name}`, reasons.sort(), wantedReasons.sort()),
        wanted.dispositions && differences(`dispositions at ${name}`, dispositions, wanted.dispositions),
      ];
    },
  );
}

function closedFindings({ record }: Stage, expected: Expectation): (string | undefined)[] {
  const wanted = new Map(Object.entries(expected.closed ?? {}));
  for (const [name, { closed }] of producersOf(expected)) if (closed) wanted.set(name, closed);
  return [...new Set([...record.closed.keys(), ...wanted.keys()])].map((name) => {
    const error = wanted.get(name);
    const actual = record.closed.get(name);
    if (error) return checkError(`the end of ${name}`, actual, error);
    return `${name} was ended: ${JSON.stringify(actual)}`;
  });
}

function producersOf({ producers = {} }: Expectation) {
  return Object.entries(producers);
}

function countOf(heard: ExpectedHeards): number {
  return Array.isArray(heard) ? heard.length : heard.any_order.length;
}

function orderOf(stage: Stage, listener: string): readonly string[] {
  return stage.record.listener(listener).map((heard) => {
    if (heard.kind !== "delivery") return heard.kind;
    const { request_id, producer_id, ordinal, sequence } = heard.delivery;
    return `${sequence}: ${stage.requestName(request_id)} ${stage.producerName(producer_id)} ${ordinal}`;
  });
}

function heardOrLost(all: readonly Heard[]): { readonly total: number; readonly isMixed: boolean } {
  const heard = all.filter(({ kind }) => kind === "delivery").length;
  const lost = all.reduce((sum, one) => sum + (one.kind === "gap" ? (one.gap.lost_count ?? 0) : 0), 0);
  return { total: heard + lost, isMixed: heard > 0 && lost > 0 };
}
