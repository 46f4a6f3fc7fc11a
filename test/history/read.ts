/** Converts messages of the dispatcher to fields of history events. */
import {
  type Delivery,
  OutcomeState,
  type Result,
  type ServerTotals,
  type Summary,
  SummaryReason,
  type Cursor as WireCursor,
} from "ate-dispatcher-client/internal";
import { millis } from "../support/wire-client.js";
import type { Cursor, DeliveryFacts, SummaryFacts } from "./history.js";
import { digestOf, labelOf } from "./payload.js";

/** The name of an enum value. */
export function nameOf<T extends string>(names: Readonly<Record<T, number>>, value: number): T {
  const found = Object.entries<number>(names).find(([, number]) => number === value);
  return (found?.[0] ?? `${value}`) as T;
}

/** A position. */
export function cursorOf({ topic, epoch, sequence }: WireCursor): Cursor {
  return { topic, epoch, sequence: Number(sequence) };
}

/** A position, as a message. */
export function wireCursorOf({ topic, epoch, sequence }: Cursor): WireCursor {
  return { topic, epoch, sequence: BigInt(sequence) };
}

/** A result. */
export function deliveryOf(delivery: Delivery): DeliveryFacts {
  const { requestId, topic, producerId, group, ordinal, more, late } = delivery;
  return {
    ...{ requestId, topic, producerId, group, ordinal, more, late },
    sequence: Number(delivery.sequence),
    latencyMs: millis(delivery.latency),
    ...contentOf(delivery.result),
  };
}

function contentOf(result: Result | undefined): Pick<DeliveryFacts, "digest" | "session" | "index"> {
  const outcome = result?.outcome;
  if (outcome?.$case === "error") return factsOf("error", outcome.value.message);
  if (outcome?.$case === "data") return factsOf("data", outcome.value);
  return { digest: `not data: ${outcome?.$case}`, session: "", index: -1 };
}

/** The label of a payload. */
export function factsOf(
  kind: "data" | "error",
  payload: Uint8Array | string,
): Pick<DeliveryFacts, "digest" | "session" | "index"> {
  const label = labelOf(payload);
  return { digest: digestOf(kind, payload), session: label?.session ?? "", index: label?.index ?? -1 };
}

/** A summary. */
export function summaryOf(summary: Summary): SummaryFacts {
  const { requestId, topic, satisfied, targetedCount, answeredCount, failedCount, missingCount } = summary;
  return {
    ...{ requestId, topic, satisfied, targetedCount, answeredCount, failedCount, missingCount },
    reason: nameOf(SummaryReason, summary.reason) as SummaryFacts["reason"],
    elapsedMs: millis(summary.elapsed),
    outcomes: summary.outcomes.map(({ producerId, group, state, resultCount }) => ({
      ...{ producerId, group, resultCount },
      state: nameOf(OutcomeState, state) as SummaryFacts["outcomes"][number]["state"],
    })),
  };
}

/** The totals, by name. */
export function totalsOf(totals: ServerTotals): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(totals).map(([name, count]) => [name, Number(count)]));
}
