/**
 * Rules of the contract for the fields of peers. A rule returns the violation, or undefined if the field is valid.
 */
import type { Cursor } from "../vocabulary/model.js";
import type { FieldViolation } from "../vocabulary/reason.js";
import { quote } from "../vocabulary/reason.js";
import {
  countStars,
  countTokens,
  isPattern,
  isTopic,
  isWellFormed,
  MAX_PATTERN_STARS,
  MAX_PATTERN_TOKENS,
  MAX_TOPIC_BYTES,
} from "../vocabulary/topic.js";

const ID = /^[\x21-\x7e]{1,128}$/;
const SHORT_ID = /^[\x21-\x7e]{1,64}$/;
const TOKENS = "dot-separated tokens of A-Z a-z 0-9 _ -";

/** The violation that a rule found; undefined if the field is valid. */
export type Verdict = FieldViolation | undefined;

/** Checks the topic of a request. */
export function topicRule(field: string, topic: string): Verdict {
  if (isTopic(topic)) return undefined;
  if (topic === "") return { field, description: "is required; name the topic to ask" };
  if (isWellFormed(topic)) {
    return {
      field,
      description: `is ${quote(topic)}; wildcards are allowed only in registrations, so name one topic`,
    };
  }
  return malformedTopic(field, topic, "a topic");
}

/** Checks a topic or pattern that a peer registers. */
export function patternRule(field: string, pattern: string): Verdict {
  if (isPattern(pattern)) return undefined;
  if (!isWellFormed(pattern)) return malformedTopic(field, pattern, "a topic or pattern");
  const count = countTokens(pattern);
  const excess =
    count > MAX_PATTERN_TOKENS
      ? `a pattern of ${count} tokens; use at most ${MAX_PATTERN_TOKENS}`
      : `a pattern with ${countStars(pattern)} *; use at most ${MAX_PATTERN_STARS}`;
  return { field, description: `is ${quote(pattern)}, ${excess}, with > for the rest` };
}

/** Checks all topics and patterns of a list; reports the first invalid one. */
export function patternsRule(field: string, patterns: readonly string[]): Verdict {
  const i = patterns.findIndex((pattern) => !isPattern(pattern));
  return i < 0 ? undefined : patternRule(`${field}[${i}]`, patterns[i] ?? "");
}

/** Checks the topics and epochs of cursors; reports the first invalid one. */
export function cursorsRule(field: string, cursors: readonly Cursor[]): Verdict {
  const i = cursors.findIndex(({ topic, epoch }) => !isTopic(topic) || !isId(epoch));
  const cursor = cursors[i];
  if (!cursor) return undefined;
  if (!isTopic(cursor.topic)) return malformedTopic(`${field}[${i}].topic`, cursor.topic, "a topic");
  return idRule(`${field}[${i}].epoch`, cursor.epoch);
}

/** Whether this is a valid id or group, which may be empty. */
export function isId(id: string): boolean {
  return id === "" || ID.test(id);
}

/** Checks an id or group that may be empty. */
export function idRule(field: string, id: string): Verdict {
  if (isId(id)) return undefined;
  return { field, description: `is ${quote(id)}; use 1 to 128 printable ASCII characters without spaces` };
}

/** Checks an id that must not be empty. */
export function requiredIdRule(field: string, id: string): Verdict {
  return id === "" ? { field, description: "is required" } : idRule(field, id);
}

/** Checks the correlation id of a submission. */
export function correlationRule(field: string, id: string): Verdict {
  if (SHORT_ID.test(id)) return undefined;
  if (id === "")
    return { field, description: "is required; the answer carries it to identify the submission" };
  return { field, description: `is ${quote(id)}; use 1 to 64 printable ASCII characters without spaces` };
}

/** Checks a whole number that must be within bounds, or 0 for the default. */
export function rangeRule(field: string, value: number, min: number, max: number): Verdict {
  if (value === 0 || (value >= min && value <= max)) return undefined;
  return { field, description: `is ${value}; use ${min} to ${max}, or 0 for the default` };
}

/** Checks the maximum size of a text, in bytes of UTF-8. */
export function sizeRule(field: string, text: string, max: number): Verdict {
  return lengthRule(field, utf8Size(text), max, "bytes");
}

function utf8Size(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** Checks the maximum length of a list or text. @param unit - plural noun for the message. */
export function lengthRule(field: string, length: number, max: number, unit: string): Verdict {
  return length <= max
    ? undefined
    : { field, description: `has ${length} ${unit}; at most ${max} are allowed` };
}

function malformedTopic(field: string, topic: string, what: string): FieldViolation {
  const size = topic.length > MAX_TOPIC_BYTES ? ` of ${topic.length} characters` : "";
  return {
    field,
    description: `is ${quote(topic)}${size}, not ${what}; use ${TOKENS}, 1 to ${MAX_TOPIC_BYTES} bytes`,
  };
}
