/**
 * What the core keeps, in bytes: the size in V8's heap and outside of it, with the entries of maps and lists that refer
 * to it. Each constant is measured: `test/core/held-bytes.test.ts` compares their sum with the memory of a process. Node
 * compiles V8 without pointer compression, so a reference has 8 bytes.
 */
import { STREAM_BYTES } from "../vocabulary/held-bytes.js";
import { identityOf } from "../vocabulary/identity.js";
import type { ListenerOpened, ProducerOpened } from "../vocabulary/input.js";
import {
  COMPLETE_ALL,
  type Completion,
  type Cursor,
  type Failure,
  type Payload,
  type Registration,
  type Selector,
  type TraceContext,
} from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/** A caller's session: its object, its set of gathers, and its heartbeat. */
export const CALLER_BYTES = 360;
/** A listener's session, live or opening, without text. */
const LISTENER_BYTES = 570;
/** A producer's session without text. */
const PRODUCER_BYTES = 1_600;
/** The latencies of its last answers, which a producer's session remembers. */
const LATENCIES_BYTES = 2_400;
/** One gather of a caller: an entry of the caller and a list of the request. */
export const JOIN_BYTES = 170;
/** A registration without its text: an entry of the peer's session. */
const REGISTRATION_BYTES = 50;
/** A topic in the table of topics, with one member. */
const NAME_BYTES = 95;
/** A pattern in the tree of patterns, with one member: one node or two, and their entries. */
const PATTERN_BYTES = 160;
/** A producer as a target in a group. */
const GROUP_BYTES = 100;
/** The state of a topic without its name. */
const TOPIC_BYTES = 220;
/** A topic that is idle: entries among the idle topics of all peers and of its own. */
export const IDLE_TOPIC_BYTES = 110;
/** A pending request without what its peers chose: text, lists and assignments. */
const REQUEST_BYTES = 800;
/** A completion policy other than the default one. */
const COMPLETION_BYTES = 100;
/** A request that is held until a producer registers: an entry of its topic. */
export const HELD_BYTES = 180;
/** An assignment, with its entry in its producer's table. */
export const ASSIGNMENT_BYTES = 210;
/** An unanswered assignment that its producer remembers after the end of its request, and the rest of that request. */
export const SETTLED_BYTES = 700;
/** An event in the life of a request. */
export const NOTE_BYTES = 80;
/** A request that is remembered by its caller's id, without text and targets. */
const REMEMBERED_BYTES = 510;
/** A target of a remembered request: a reference to a shared object, and an instant. */
const OUTCOME_BYTES = 16;
/** The state and number of results of a target, kept if not every target answered once. */
const OUTCOME_STATE_BYTES = 8;
/** The record of an ended request, which the next one overwrites, without its targets. */
export const ENDED_BYTES = 400;
/** A target in the record of an ended request. */
export const ENDED_TARGET_BYTES = 120;
/** The session of a producer that has departed, without its tables: an assignment of an ended request refers to it. */
export const ENDED_SESSION_BYTES = 1_150;
/** A text without its characters. */
const TEXT_BYTES = 24;
/** A key with its value, without their characters. */
const PAIR_BYTES = 32 + 2 * TEXT_BYTES;
/** An object for code and message of a failure, without the characters. */
const FAILURE_BYTES = 40 + TEXT_BYTES;
/** A cursor of a listener that opens in parts, without its text. */
const CURSOR_BYTES = 140;

/** What the core keeps of a request only while it is pending. */
interface Content {
  readonly payload: Payload;
  readonly context: TraceContext;
  readonly selector: Selector | undefined;
}

const ONE_BYTE = /^[\0-\xff]*$/;

/** Size of a text. V8 stores a text with a character beyond Latin-1 in two bytes per character. */
export function textBytes(text: string): number {
  return TEXT_BYTES + (ONE_BYTE.test(text) ? text.length : 2 * text.length);
}

/** Size of a registration. @param group - "" for none. */
export function registrationBytes(pattern: string, group: string): number {
  // The names of topics, patterns and groups are ASCII.
  const texts = TEXT_BYTES + pattern.length + (group === "" ? 0 : GROUP_BYTES + group.length);
  const entries = hasWildcard(pattern) ? PATTERN_BYTES : NAME_BYTES;
  return REGISTRATION_BYTES + entries + texts;
}

/**
 * Size of the registrations of a message, with the topics that they may cause.
 *
 * @param principal - of the producer: a group is kept with it.
 */
export function registrationsBytes(registrations: readonly Registration[], principal = ""): number {
  let bytes = 0;
  for (const { topic, group } of registrations) {
    bytes += registrationBytes(topic, identityOf(group === "" ? "" : principal, group)) + causedBytes(topic);
  }
  return bytes;
}

/** Size of a producer's session without its registrations. */
export function producerBytes({ producerId, principal, displayName, labels, peer }: ProducerOpened): number {
  const texts = identityBytes(principal, producerId) + textBytes(displayName) + textBytes(peer);
  return STREAM_BYTES + PRODUCER_BYTES + texts + pairsBytes(labels);
}

/** Size of what a producer's session remembers once its first assignment is settled. @param max - number of assignments. */
export function settledBytes(max: number): number {
  return LATENCIES_BYTES + 8 * max;
}

/** Size of a listener's session without its topics. */
export function listenerBytes({ listenerId, principal, group, peer }: ListenerOpened): number {
  const texts = identityBytes(principal, listenerId) + identityBytes(principal, group) + textBytes(peer);
  return STREAM_BYTES + LISTENER_BYTES + texts;
}

/** Size of an id or group; that of a principal is kept with it once more. */
function identityBytes(principal: string | undefined, id: string): number {
  return textBytes(id) + (principal ? textBytes(id) + textBytes(principal) : 0);
}

/**
 * Size of topics that a listener adds, with the topics that they may cause, and of cursors that wait for the other parts
 * of its opening.
 */
export function partBytes(topics: Iterable<string>, cursors: Iterable<Cursor>): number {
  let bytes = 0;
  for (const topic of topics) bytes += registrationBytes(topic, "") + causedBytes(topic);
  for (const { topic, epoch } of cursors) bytes += CURSOR_BYTES + topic.length + epoch.length;
  return bytes;
}

/** Size of the state of a topic. */
export function topicBytes(name: string): number {
  return TOPIC_BYTES + name.length;
}

/** Size of the labels of a producer or of a selector. */
export function pairsBytes(pairs: Iterable<readonly [key: string, value: string]>): number {
  let bytes = 0;
  for (const [key, value] of pairs) bytes += PAIR_BYTES - 2 * TEXT_BYTES + textBytes(key) + textBytes(value);
  return bytes;
}

/** Size of a trace context. Its keys and values are ASCII. */
export function contextBytes(context: TraceContext): number {
  let bytes = 0;
  for (const [key, value] of context) bytes += PAIR_BYTES + key.length + value.length;
  return bytes;
}

/** Size of a selector. */
export function selectorBytes(selector: Selector | undefined): number {
  if (!selector) return 0;
  let bytes = PAIR_BYTES + pairsBytes(selector.matchLabels);
  for (const id of selector.producerIds) bytes += 8 + textBytes(id);
  for (const principal of selector.principals) bytes += 8 + textBytes(principal);
  return bytes;
}

/** Size of payload, context and selector of a request. */
export function contentBytes({ payload, context, selector }: Content): number {
  return payload.length + contextBytes(context) + selectorBytes(selector);
}

/** Whose request it is, and the id. */
interface RequestIdentity {
  readonly requestId: string;
  readonly requester: string;
}

/** Size of the id of a request. It is kept once more with the principal. */
function requestIdBytes({ requestId, requester }: RequestIdentity): number {
  return requestId.length + (requester === "" ? 0 : TEXT_BYTES + requestId.length + requester.length);
}

/** Size of a pending request with its assignments, without its payload, context and selector. */
export function requestBytes(id: RequestIdentity, completion: Completion, targetCount: number): number {
  return REQUEST_BYTES + requestIdBytes(id) + completionBytes(completion) + ASSIGNMENT_BYTES * targetCount;
}

/** Size of a request that is remembered by its caller's id, if every target answers once. */
export function rememberedBytes(
  id: RequestIdentity,
  digest: string,
  completion: Completion,
  targetCount: number,
): number {
  const texts = requestIdBytes(id) + digest.length;
  return REMEMBERED_BYTES + texts + completionBytes(completion) + OUTCOME_BYTES * targetCount;
}

/** Size of the states of the targets of a remembered request, if not every target answered once. */
export function outcomeStateBytes(targetCount: number): number {
  return OUTCOME_STATE_BYTES * targetCount;
}

/** Size of a failure. */
export function failureBytes({ message }: Failure): number {
  return FAILURE_BYTES - TEXT_BYTES + textBytes(message);
}

function completionBytes(completion: Completion): number {
  return completion === COMPLETE_ALL ? 0 : COMPLETION_BYTES;
}

/** Size of the topic that a registration may cause. */
function causedBytes(pattern: string): number {
  return hasWildcard(pattern) ? 0 : topicBytes(pattern);
}
