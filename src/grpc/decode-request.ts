/**
 * Reads the routing fields of a Request; the payload is passed over unread and goes on verbatim.
 */
import { FIELDS, WireReader } from "ate-dispatcher-client/internal";
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
} from "../core/model.js";
import { milliseconds } from "./time.js";

const { COMPLETION, DURATION, MAP_ENTRY, REQUEST, SELECTOR } = FIELDS;

const NO_PRODUCERS_ACTIONS: readonly NoProducersAction[] = ["COMPLETE", "COMPLETE", "FAIL", "WAIT"];
const LOSER_ACTIONS: readonly LoserAction[] = ["CANCEL", "CANCEL", "LET_RUN"];

/** Reads a Request. Throws {@link WireError} if it is malformed. */
export function decodeRequest(payload: Buffer): RequestSpec {
  let topic = "";
  let ttlMs: RequestSpec["ttlMs"];
  let requestId = "";
  let completion = COMPLETE_ALL;
  let selector: Selector | undefined;
  let noProducersAction: NoProducersAction | Unknown = "COMPLETE";
  for (const reader = new WireReader(payload); reader.next(); ) {
    const { field } = reader;
    if (field === REQUEST.topic) topic = reader.ascii();
    else if (field === REQUEST.ttl) ttlMs = decodeDuration(reader);
    else if (field === REQUEST.requestId) requestId = reader.ascii();
    else if (field === REQUEST.completion) completion = decodeCompletion(reader);
    else if (field === REQUEST.selector) selector = decodeSelector(reader);
    else if (field === REQUEST.noProducersAction) {
      noProducersAction = NO_PRODUCERS_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
    } else reader.skip();
  }
  return { topic, ttlMs, requestId, completion, selector, noProducersAction, payload };
}

function decodeDuration(reader: WireReader): number | Malformed {
  const outer = reader.enter();
  let seconds = 0;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === DURATION.seconds) seconds = reader.int64();
    else if (reader.field === DURATION.nanos) nanos = reader.int32();
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
    if (field === COMPLETION.resultCount) until = { kind: "resultCount", count: reader.number() };
    else if (field === COMPLETION.quorumPercent) until = { kind: "quorumPercent", percent: reader.number() };
    else if (field === COMPLETION.firstSuccess) until = { kind: "firstSuccess", isSet: reader.bool() };
    else if (field === COMPLETION.stallTimeout) stallTimeoutMs = decodeDuration(reader);
    else if (field === COMPLETION.minResults) minResults = reader.number();
    else if (field === COMPLETION.countErrors) countErrors = reader.bool();
    else if (field === COMPLETION.loserAction)
      loserAction = LOSER_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
    else reader.skip();
  }
  reader.leave(outer);
  return { until, stallTimeoutMs, minResults, countErrors, loserAction };
}

function decodeSelector(reader: WireReader): Selector {
  const outer = reader.enter();
  const producerIds: string[] = [];
  const matchLabels = new Map<string, string>();
  let maxTargets = 0;
  while (reader.next()) {
    if (reader.field === SELECTOR.producerIds) producerIds.push(reader.text());
    else if (reader.field === SELECTOR.matchLabels) {
      const [key, value] = decodeEntry(reader);
      matchLabels.set(key, value);
    } else if (reader.field === SELECTOR.maxTargets) maxTargets = reader.number();
    else reader.skip();
  }
  reader.leave(outer);
  return { producerIds, matchLabels: [...matchLabels], maxTargets };
}

/** Reads an entry of a map of strings. */
export function decodeEntry(reader: WireReader): readonly [key: string, value: string] {
  const outer = reader.enter();
  let key = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === MAP_ENTRY.key) key = reader.text();
    else if (reader.field === MAP_ENTRY.value) value = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return [key, value];
}
