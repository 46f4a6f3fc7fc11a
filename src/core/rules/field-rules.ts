/**
 * What the contract allows in a peer's fields. Each rule returns the violation, or undefined if all is well.
 */
import type { FieldViolation } from "../vocabulary/reason.js";
import { quote } from "../vocabulary/reason.js";
import { isPattern, isTopic, MAX_TOPIC_BYTES } from "../vocabulary/topic.js";

const ID = /^[\x21-\x7e]{1,128}$/;
const SHORT_ID = /^[\x21-\x7e]{1,64}$/;
const TOKENS = "dot-separated tokens of A-Z a-z 0-9 _ -";

/** A violation, or all is well. */
export type Verdict = FieldViolation | undefined;

/** A topic that a request is sent to. */
export function topicRule(field: string, topic: string): Verdict {
  if (isTopic(topic)) return undefined;
  if (topic === "") return { field, description: "is required; name the topic to ask" };
  if (isPattern(topic)) {
    return { field, description: `is ${quote(topic)}; wildcards are only for registrations, name one topic` };
  }
  return malformedTopic(field, topic, "a topic");
}

/** A topic or pattern that a peer registers. */
export function patternRule(field: string, pattern: string): Verdict {
  return isPattern(pattern) ? undefined : malformedTopic(field, pattern, "a topic or pattern");
}

/** All the topics or patterns that a peer registers; the first wrong one is named. */
export function patternsRule(field: string, patterns: readonly string[]): Verdict {
  for (const [i, pattern] of patterns.entries()) {
    const verdict = patternRule(`${field}[${i}]`, pattern);
    if (verdict) return verdict;
  }
  return undefined;
}

/** An id or group that may be left out. */
export function idRule(field: string, id: string): Verdict {
  if (id === "" || ID.test(id)) return undefined;
  return { field, description: `is ${quote(id)}; use 1 to 128 printable ASCII characters without spaces` };
}

/** An id that must be there. */
export function requiredIdRule(field: string, id: string): Verdict {
  return id === "" ? { field, description: "is required" } : idRule(field, id);
}

/** The name of a submission. */
export function correlationRule(field: string, id: string): Verdict {
  if (SHORT_ID.test(id)) return undefined;
  if (id === "") return { field, description: "is required; it names the submission in its answer" };
  return { field, description: `is ${quote(id)}; use 1 to 64 printable ASCII characters without spaces` };
}

/** A whole number within bounds, or 0 for the default. */
export function windowRule(field: string, value: number, least: number, most: number): Verdict {
  if (value === 0 || (value >= least && value <= most)) return undefined;
  return { field, description: `is ${value}; use ${least} to ${most}, or 0 for the default` };
}

/** A text that may take only so many bytes in UTF-8. */
export function sizeRule(field: string, text: string, most: number): Verdict {
  return lengthRule(field, utf8Size(text), most, "bytes");
}

function utf8Size(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** A list that may have only so many entries. */
export function lengthRule(field: string, length: number, most: number, unit: string): Verdict {
  return length <= most
    ? undefined
    : { field, description: `has ${length} ${unit}; at most ${most} are allowed` };
}

function malformedTopic(field: string, topic: string, what: string): FieldViolation {
  const size = topic.length > MAX_TOPIC_BYTES ? ` of ${topic.length} characters` : "";
  return {
    field,
    description: `is ${quote(topic)}${size}, not ${what}; use ${TOKENS}, 1 to ${MAX_TOPIC_BYTES} bytes`,
  };
}
