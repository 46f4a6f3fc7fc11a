/**
 * Compares reported events with the expectations of a scenario. Only fields that an expectation names are compared;
 * invariants.ts checks the rest.
 */
import { isDeepStrictEqual } from "node:util";
import { differences, inCommon } from "./diff.js";
import type { ReceivedEvent } from "./event-record.js";
import type { AssignmentFields, DeliveryFields, ErrorFields, SummaryFields } from "./protocol.js";
import type {
  Bounds,
  ExpectedAssignment,
  ExpectedDelivery,
  ExpectedError,
  ExpectedEvent,
  ExpectedEvents,
  ExpectedSummary,
} from "./scenario.js";

/** The names that a scenario gives to ids. */
export interface Names {
  requestName(requestId: string): string;
  producerName(producerId: string): string;
}

/** Whether a number lies within bounds, both included. */
export function withinBounds(value: number, { min = -Infinity, max = Infinity }: Bounds): boolean {
  return value >= min && value <= max;
}

/** Compares lists item by item. Returns undefined if they match, else a readable difference. */
export function checkEvents(
  what: string,
  names: Names,
  actual: readonly ReceivedEvent[],
  expected: ExpectedEvents,
): string | undefined {
  const isOrdered = Array.isArray(expected);
  const wanted = (isOrdered ? expected : expected.any_order).map(expandEvent);
  const seen = isOrdered ? actual : arrange(names, actual, wanted);
  return differences(what, viewsOf(names, seen, wanted), wanted);
}

/** Views each event with the fields of its expectation. If the lists differ in length, equal items are paired first. */
function viewsOf(names: Names, seen: readonly ReceivedEvent[], wanted: readonly object[]): readonly object[] {
  const view = (index: number, expected: object | undefined) =>
    eventView(names, seen[index] as ReceivedEvent, expected);
  const pairs = new Map(
    inCommon(seen.length, wanted.length, (index, place) =>
      isDeepStrictEqual(view(index, wanted[place]), wanted[place]),
    ),
  );
  const taken = new Set(pairs.values());
  return seen.map((_, index) => {
    const place = pairs.get(index) ?? (taken.has(index) ? -1 : index);
    return view(index, wanted[place]);
  });
}

/** Compares an error. */
export function checkError(
  what: string,
  actual: ErrorFields | undefined,
  expected: ExpectedError,
): string | undefined {
  return differences(what, [actual && errorView(actual, expected)], [expected]);
}

/** Compares a summary. */
export function checkSummary(
  what: string,
  names: Names,
  actual: SummaryFields | undefined,
  expected: ExpectedSummary,
): string | undefined {
  return differences(what, [actual && summaryView(names, actual, expected)], [expected]);
}

/** Compares the assignments of a producer. */
export function checkAssignments(
  what: string,
  names: Names,
  actual: readonly AssignmentFields[],
  expected: readonly (string | ExpectedAssignment)[],
): string | undefined {
  const wanted = expected.map((one) => (typeof one === "string" ? { of: one } : one));
  const views = actual.map((one, index) => {
    const all = { ...one, of: names.requestName(one.request_id) };
    return pick(
      { attributes: {}, context: {}, args: [], kwargs: {}, data: "", content_type: "", ...all },
      wanted[index] ?? { of: "" },
    );
  });
  return differences(what, views, wanted);
}

function expandEvent(expected: ExpectedEvent): Exclude<ExpectedEvent, readonly unknown[]> {
  if (!Array.isArray(expected)) return expected;
  const [of, from, ...value] = expected;
  return value.length === 0 ? { of, from } : { of, from, value: value[0] ?? null };
}

/** Sorts events into the order of the expectations that they match; others follow. */
function arrange(
  names: Names,
  actual: readonly ReceivedEvent[],
  wanted: readonly object[],
): readonly ReceivedEvent[] {
  const left = [...actual];
  const found = wanted.map((one) => {
    const index = left.findIndex((event) => isDeepStrictEqual(eventView(names, event, one), one));
    return index < 0 ? undefined : left.splice(index, 1)[0];
  });
  return found
    .map((one) => one ?? left.shift())
    .filter((one) => one !== undefined)
    .concat(left);
}

function eventView(names: Names, event: ReceivedEvent, expected: object = {}): object {
  if (event.kind === "gap") {
    const wanted = "gap" in expected ? (expected.gap as object) : event.gap;
    return { gap: pick({ from: 0, to: 0, ...event.gap }, wanted) };
  }
  if (event.kind === "summary") {
    const wanted = "summary" in expected ? (expected.summary as ExpectedSummary) : { of: "", reason: "" };
    return { summary: summaryView(names, event.summary, wanted) };
  }
  const { delivery } = event;
  // An unexpected event is shown with its payload.
  const wanted = { of: "", from: "", ...(delivery.kind === "data" ? { data: "" } : { value: null }) };
  return deliveryView(names, delivery, "from" in expected ? (expected as ExpectedDelivery) : wanted);
}

/** Omits fields that the expectation does not name, except an unexpected error, `more` or `late`. */
function deliveryView(names: Names, delivery: DeliveryFields, expected: ExpectedDelivery): object {
  const { request_id, producer_id, kind = "value", value = null, error } = delivery;
  const of = names.requestName(request_id);
  const from = names.producerName(producer_id);
  const empty = {
    ordinal: 0,
    sequence: 0,
    group: "",
    content_type: "",
    attributes: {},
    context: {},
    data: "",
  };
  const all = {
    ...empty,
    ...delivery,
    of,
    from,
    value,
    more: delivery.more ?? false,
    late: delivery.late ?? false,
  };
  const view: Record<string, unknown> = { ...pick(all, expected) };
  if (all.more && !("more" in expected)) view["more"] = true;
  if (all.late && !("late" in expected)) view["late"] = true;
  if (error) view["error"] = expected.error ? errorView(error, expected.error) : error;
  if (kind !== kindOf(expected)) view["kind"] = kind;
  return view;
}

function kindOf(expected: ExpectedDelivery): string {
  if (expected.error) return "error";
  return expected.data === undefined ? "value" : "data";
}

function summaryView(names: Names, summary: SummaryFields, expected: ExpectedSummary): object {
  const { request_id, outcomes = [], satisfied = false } = summary;
  const wanted = expected.outcomes ?? {};
  const views = outcomes.map((outcome) => {
    const name = names.producerName(outcome.producer_id);
    const one = wanted[name];
    if (one === undefined || typeof one === "string") return [name, outcome.state];
    const { error } = outcome;
    const all = { group: "", ...outcome, results: outcome.result_count ?? 0 };
    return [name, { ...pick(all, one), ...(error && one.error && { error: errorView(error, one.error) }) }];
  });
  const all = {
    ...summary,
    satisfied,
    of: names.requestName(request_id),
    outcomes: Object.fromEntries(views),
  };
  return pick(all, expected);
}

function errorView(error: ErrorFields, expected: ExpectedError): object {
  const { message } = expected;
  const view = pick({ fields: [], ...error }, expected);
  if (typeof message !== "object") return view;
  const { contains, at_most = Number.POSITIVE_INFINITY } = message;
  const { message: actual = "" } = error;
  return actual.includes(contains) && actual.length <= at_most ? { ...view, message } : view;
}

/** Returns the fields that the expectation names. A number within its bounds is shown as the bounds. */
function pick(actual: object, expected: object): object {
  const values = actual as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(expected)
      .filter(([key]) => values[key] !== undefined)
      .map(([key, wanted]) => {
        const value = values[key];
        const isWithin = key.endsWith("_ms") && withinBounds(value as number, wanted as Bounds);
        return [key, isWithin ? wanted : value];
      }),
  );
}
