/**
 * Decodes the routing fields of a Request. The payload is checked here, but not decoded, and forwarded verbatim.
 */
import { FIELDS, TAGS, WireError, WireReader } from "ate-dispatcher-client/internal";
import { MAX_LABELS, MAX_PRODUCER_IDS } from "../../core/vocabulary/limits.js";
import {
  COMPLETE_ALL,
  type Completion,
  type LoserAction,
  type Malformed,
  type NoProducersAction,
  type RequestSpec,
  type Selector,
  type Unknown,
  type Until,
} from "../../core/vocabulary/model.js";
import { invalid, type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { NestingError } from "./payload-walk.js";
import { milliseconds } from "./time.js";
import { checkListValue, checkStringEntry, checkStruct } from "./well-formed.js";

const {
  resultCount: COMPLETION_RESULT_COUNT,
  quorumPercent: COMPLETION_QUORUM_PERCENT,
  firstSuccess: COMPLETION_FIRST_SUCCESS,
  stallTimeout: COMPLETION_STALL_TIMEOUT,
  minResults: COMPLETION_MIN_RESULTS,
  countErrors: COMPLETION_COUNT_ERRORS,
  loserAction: COMPLETION_LOSER_ACTION,
} = FIELDS.COMPLETION;
const { seconds: DURATION_SECONDS, nanos: DURATION_NANOS } = FIELDS.DURATION;
const { key: MAP_ENTRY_KEY, value: MAP_ENTRY_VALUE } = FIELDS.MAP_ENTRY;
const {
  topic: REQUEST_TOPIC,
  ttl: REQUEST_TTL,
  requestId: REQUEST_REQUEST_ID,
  completion: REQUEST_COMPLETION,
  selector: REQUEST_SELECTOR,
  noProducersAction: REQUEST_NO_PRODUCERS_ACTION,
} = FIELDS.REQUEST;
const {
  args: REQUEST_ARGS,
  kwargs: REQUEST_KWARGS,
  data: REQUEST_DATA,
  contentType: REQUEST_CONTENT_TYPE,
  attributes: REQUEST_ATTRIBUTES,
} = TAGS.REQUEST;
const {
  producerIds: SELECTOR_PRODUCER_IDS,
  matchLabels: SELECTOR_MATCH_LABELS,
  maxTargets: SELECTOR_MAX_TARGETS,
  principals: SELECTOR_PRINCIPALS,
} = FIELDS.SELECTOR;

const NO_PRODUCERS_ACTIONS: readonly NoProducersAction[] = ["COMPLETE", "COMPLETE", "FAIL", "WAIT"];
const LOSER_ACTIONS: readonly LoserAction[] = ["CANCEL", "CANCEL", "LET_RUN"];

const REQUEST_MEMBERS = Math.max(...Object.values(FIELDS.REQUEST));
/** The paths of the fields of a Request by their numbers. */
const PATHS: ReadonlyMap<number, string> = new Map(
  Object.entries(FIELDS.REQUEST).map(([name, number]) => [number, `request.${snakeCase(name)}`]),
);

/** The routing fields of a request, or why it is malformed. */
export interface DecodedRequest extends RequestSpec {
  /** Names the malformed field; the routing fields behind that field are then missing. Undefined if well-formed. */
  readonly malformed: Refusal | undefined;
}

/**
 * Decodes the routing fields of a Request, and checks that stock parsers can read all of the Request.
 *
 * A malformed Request is a value, because other requests of the same message are not affected.
 */
export function decodeRequest(payload: Buffer): DecodedRequest {
  const reader = new WireReader(payload);
  let tag = 0;
  let malformed: Refusal | undefined;
  let topic = "";
  let ttlMs: RequestSpec["ttlMs"];
  let requestId = "";
  let completion = COMPLETE_ALL;
  let selector: Selector | undefined;
  let noProducersAction: NoProducersAction | Unknown = "COMPLETE";
  try {
    while (reader.next()) {
      tag = reader.currentTag;
      const { field } = reader;
      if (field === REQUEST_TOPIC) {
        requireAscii(topic);
        topic = reader.ascii();
      } else if (tag === REQUEST_ARGS) checkListValue(reader);
      else if (tag === REQUEST_KWARGS) checkStruct(reader);
      else if (tag === REQUEST_CONTENT_TYPE) reader.skipUtf8();
      else if (tag === REQUEST_ATTRIBUTES) checkStringEntry(reader);
      else if (field === REQUEST_TTL) ttlMs = decodeDuration(reader);
      else if (field === REQUEST_REQUEST_ID) {
        requireAscii(requestId);
        requestId = reader.ascii();
      } else if (field === REQUEST_COMPLETION) completion = decodeCompletion(reader);
      else if (field === REQUEST_SELECTOR) selector = decodeSelector(reader);
      else if (field === REQUEST_NO_PRODUCERS_ACTION) {
        noProducersAction = NO_PRODUCERS_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
      } else if (tag === REQUEST_DATA) reader.skip();
      else reader.skipUnknown(REQUEST_MEMBERS);
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    malformed = malformedRequest(PATHS.get(tag >>> 3) ?? "request", error);
  }
  return { topic, ttlMs, requestId, completion, selector, noProducersAction, payload, malformed };
}

/**
 * Checks a topic or id that a later field of the same number replaces. The core checks only the last one, but parsers
 * read all of them.
 */
function requireAscii(replaced: string): void {
  if (/[\u0080-\uffff]/.test(replaced)) throw new WireError("the field is set twice, once not in ASCII");
}

function malformedRequest(field: string, error: WireError): Refusal {
  if (error instanceof EntriesError) {
    return invalid([{ field: error.field, description: error.message }], "requestSubmitted");
  }
  const description = error instanceof NestingError ? error.message : `is malformed: ${error.message}`;
  const reason = error instanceof NestingError ? "INVALID_FIELD" : "MALFORMED_MESSAGE";
  return { ...refusal(reason, `${field} ${description}`), violations: [{ field, description }] };
}

/** contentType -> content_type. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function decodeDuration(reader: WireReader): number | Malformed {
  const outer = reader.enter();
  let seconds = 0;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === DURATION_SECONDS) seconds = reader.int64();
    else if (reader.field === DURATION_NANOS) nanos = reader.int32();
    else reader.skip();
  }
  reader.leave(outer);
  return milliseconds(seconds, nanos);
}

function decodeCompletion(reader: WireReader): Completion {
  const outer = reader.enter();
  let until: Until = COMPLETE_ALL.until;
  let stallTimeoutMs: Completion["stallTimeoutMs"];
  let minResults = 0;
  let countErrors = false;
  let loserAction: LoserAction | Unknown = "CANCEL";
  while (reader.next()) {
    const { field } = reader;
    if (field === COMPLETION_RESULT_COUNT) until = { kind: "resultCount", count: reader.number() };
    else if (field === COMPLETION_QUORUM_PERCENT) until = { kind: "quorumPercent", percent: reader.number() };
    else if (field === COMPLETION_FIRST_SUCCESS) until = { kind: "firstSuccess", isSet: reader.bool() };
    else if (field === COMPLETION_STALL_TIMEOUT) stallTimeoutMs = decodeDuration(reader);
    else if (field === COMPLETION_MIN_RESULTS) minResults = reader.number();
    else if (field === COMPLETION_COUNT_ERRORS) countErrors = reader.bool();
    else if (field === COMPLETION_LOSER_ACTION)
      loserAction = LOSER_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
    else reader.skip();
  }
  reader.leave(outer);
  return { until, stallTimeoutMs, minResults, countErrors, loserAction };
}

/** Decodes a selector. Entries beyond a limit are only counted. */
function decodeSelector(reader: WireReader): Selector {
  const outer = reader.enter();
  const producerIds: string[] = [];
  const principals: string[] = [];
  const matchLabels = new Map<string, string>();
  let idCount = 0;
  let principalCount = 0;
  let labelCount = 0;
  let maxTargets = 0;
  while (reader.next()) {
    if (reader.field === SELECTOR_PRODUCER_IDS) {
      if (++idCount <= MAX_PRODUCER_IDS) producerIds.push(reader.utf8());
      else reader.skip();
    } else if (reader.field === SELECTOR_PRINCIPALS) {
      if (++principalCount <= MAX_PRODUCER_IDS) principals.push(reader.utf8());
      else reader.skip();
    } else if (reader.field === SELECTOR_MATCH_LABELS) {
      if (++labelCount <= MAX_LABELS) {
        const [key, value] = decodeEntry(reader);
        matchLabels.set(key, value);
      } else reader.skip();
    } else if (reader.field === SELECTOR_MAX_TARGETS) maxTargets = reader.number();
    else reader.skip();
  }
  reader.leave(outer);
  requireEntries("producer_ids", idCount, MAX_PRODUCER_IDS);
  requireEntries("match_labels", labelCount, MAX_LABELS);
  requireEntries("principals", principalCount, MAX_PRODUCER_IDS);
  return { producerIds, principals, matchLabels: [...matchLabels], maxTargets };
}

/** A repeated field of a selector has too many entries. */
class EntriesError extends WireError {
  constructor(
    readonly field: string,
    description: string,
  ) {
    super(description);
  }
}

function requireEntries(name: string, count: number, max: number): void {
  if (count <= max) return;
  const field = `${PATHS.get(REQUEST_SELECTOR)}.${name}`;
  throw new EntriesError(field, `has ${count} entries; at most ${max} are allowed`);
}

/** Decodes an entry of a map of strings. @throws {WireError} if a string is not valid UTF-8. */
export function decodeEntry(reader: WireReader): readonly [key: string, value: string] {
  const outer = reader.enter();
  let key = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === MAP_ENTRY_KEY) key = reader.utf8();
    else if (reader.field === MAP_ENTRY_VALUE) value = reader.utf8();
    else reader.skip();
  }
  reader.leave(outer);
  return [key, value];
}
