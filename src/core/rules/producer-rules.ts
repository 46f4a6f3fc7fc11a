/**
 * What a producer may say: the fields of its messages, and the limits of its registrations.
 */
import { registrationsBytes } from "../state/costs.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import type { ProducerOpened, TopicsDeregistered, TopicsRegistered } from "../vocabulary/input.js";
import { type Limits, MAX_LABELS } from "../vocabulary/limits.js";
import type { Registration } from "../vocabulary/model.js";
import { connectionAge, invalid, type Refusal, refusal } from "../vocabulary/reason.js";
import { isPattern } from "../vocabulary/topic.js";
import {
  idRule,
  isId,
  lengthRule,
  patternRule,
  patternsRule,
  rangeRule,
  sizeRule,
  type Verdict,
} from "./field-rules.js";
import { heldRefusal } from "./shares.js";

const MAX_LABEL_BYTES = 128;
const MAX_NAME_BYTES = 256;
const MAX_CORRELATION_BYTES = 64;
/** Violations of registrations that are reported; a status has room for as many. */
const MAX_REPORTED = 20;

/** Why a producer may not register; undefined if it may. */
export function registerRefusal(
  state: State,
  producer: ProducerSession,
  input: TopicsRegistered,
): Refusal | undefined {
  const verdicts = [
    sizeRule("correlation_id", input.correlationId, MAX_CORRELATION_BYTES),
    ...registrationRules(input.registrations),
  ].filter((verdict) => verdict !== undefined);
  if (verdicts.length > 0) return invalid(verdicts, input.kind);
  if (producer.isAging) return connectionAge();
  if (producer.isDraining) {
    return refusal(
      "PROTOCOL_VIOLATION",
      "Register arrived after Drain; open a new stream to receive assignments again",
    );
  }
  const limit = state.limits.maxRegistrationsPerSession;
  const added = new Set<string>();
  for (const { topic } of input.registrations) if (!producer.registrations.has(topic)) added.add(topic);
  if (producer.registrations.size + added.size <= limit)
    return heldRefusal(state, producer.account, registrationsBytes(input.registrations, producer.principal));
  const message = `the producer holds ${producer.registrations.size} of at most ${limit} registrations; use wildcards or raise maxRegistrationsPerSession`;
  return refusal("REGISTRATION_LIMIT", message, { limit: String(limit) });
}

/** Why a deregistration is refused; undefined if it is not. */
export function deregisterRefusal({ kind, correlationId, topics }: TopicsDeregistered): Refusal | undefined {
  const violations = [
    sizeRule("correlation_id", correlationId, MAX_CORRELATION_BYTES),
    patternsRule("topics", topics),
  ].filter((verdict) => verdict !== undefined);
  return violations.length > 0 ? invalid(violations, kind) : undefined;
}

/** Checks the first message of a producer's session. */
export function helloRules(input: ProducerOpened, limits: Limits): readonly Verdict[] {
  const max = limits.maxRegistrationsPerSession;
  return [
    idRule("producer_id", input.producerId),
    sizeRule("display_name", input.displayName, MAX_NAME_BYTES),
    lengthRule("labels", input.labels.length, MAX_LABELS, "entries"),
    ...input.labels.flatMap(([key, value]) => [
      sizeRule("labels.key", key, MAX_LABEL_BYTES),
      sizeRule("labels.value", value, MAX_LABEL_BYTES),
    ]),
    lengthRule("registrations", input.registrations.length, max, "entries"),
    ...registrationRules(input.registrations),
    rangeRule("max_outstanding", input.maxOutstanding, 1, limits.maxOutstanding),
    rangeRule("max_backlog", input.maxBacklog, 1, limits.maxBacklog),
  ];
}

/** Reports the first invalid registrations: a text about each of 10,000 would take as long as 100,000 valid ones. */
function registrationRules(registrations: readonly Registration[]): readonly Verdict[] {
  const found: Verdict[] = [];
  for (const [i, { topic, group }] of registrations.entries()) {
    // The names of the fields are only made for violations.
    if (!isPattern(topic)) found.push(patternRule(`registrations[${i}].topic`, topic));
    if (!isId(group)) found.push(idRule(`registrations[${i}].group`, group));
    if (found.length >= MAX_REPORTED) break;
  }
  return found;
}
