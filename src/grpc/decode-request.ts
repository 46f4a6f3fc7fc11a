/**
 * Reads the routing fields of a Request; the payload is passed over unread and goes on verbatim.
 */
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
import { WireReader } from "./wire-reader.js";

const NO_PRODUCERS_ACTIONS: readonly NoProducersAction[] = ["COMPLETE", "COMPLETE", "FAIL", "WAIT"];
const LOSER_ACTIONS: readonly LoserAction[] = ["CANCEL", "CANCEL", "LET_RUN"];

/** Reads a Request. Field numbers are those of request.proto. Throws {@link WireError} if it is malformed. */
export function decodeRequest(payload: Buffer): RequestSpec {
  let topic = "";
  let ttlMs: RequestSpec["ttlMs"];
  let requestId = "";
  let completion = COMPLETE_ALL;
  let selector: Selector | undefined;
  let noProducersAction: NoProducersAction | Unknown = "COMPLETE";
  for (const reader = WireReader.of(payload); reader.next(); ) {
    if (reader.field === 1) topic = reader.ascii();
    else if (reader.field === 7) ttlMs = decodeDuration(reader.message());
    else if (reader.field === 8) requestId = reader.ascii();
    else if (reader.field === 9) completion = decodeCompletion(reader.message());
    else if (reader.field === 10) selector = decodeSelector(reader.message());
    else if (reader.field === 11) {
      noProducersAction = NO_PRODUCERS_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
    } else reader.skip();
  }
  return { topic, ttlMs, requestId, completion, selector, noProducersAction, payload };
}

function decodeDuration(reader: WireReader): number | Malformed {
  let seconds = 0;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === 1) seconds = reader.int64();
    else if (reader.field === 2) nanos = reader.int32();
    else reader.skip();
  }
  return milliseconds(seconds, nanos);
}

function decodeCompletion(reader: WireReader): Completion {
  let until: Until = COMPLETE_ALL.until;
  let stallTimeoutMs: Completion["stallTimeoutMs"];
  let minResults = 0;
  let countErrors = false;
  let loserAction: LoserAction | Unknown = "CANCEL";
  while (reader.next()) {
    if (reader.field === 1) until = { kind: "resultCount", count: reader.number() };
    else if (reader.field === 2) until = { kind: "quorumPercent", percent: reader.number() };
    else if (reader.field === 3) until = { kind: "firstSuccess", isSet: reader.bool() };
    else if (reader.field === 4) stallTimeoutMs = decodeDuration(reader.message());
    else if (reader.field === 5) minResults = reader.number();
    else if (reader.field === 6) countErrors = reader.bool();
    else if (reader.field === 7) loserAction = LOSER_ACTIONS[reader.int32()] ?? "UNKNOWN_ENUM_VALUE";
    else reader.skip();
  }
  return { until, stallTimeoutMs, minResults, countErrors, loserAction };
}

function decodeSelector(reader: WireReader): Selector {
  const producerIds: string[] = [];
  const matchLabels = new Map<string, string>();
  let maxTargets = 0;
  while (reader.next()) {
    if (reader.field === 1) producerIds.push(reader.utf8());
    else if (reader.field === 2) {
      const [key, value] = decodeEntry(reader.message());
      matchLabels.set(key, value);
    } else if (reader.field === 3) maxTargets = reader.number();
    else reader.skip();
  }
  return { producerIds, matchLabels: [...matchLabels], maxTargets };
}

/** An entry of a map of strings. */
export function decodeEntry(reader: WireReader): readonly [key: string, value: string] {
  let key = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === 1) key = reader.utf8();
    else if (reader.field === 2) value = reader.utf8();
    else reader.skip();
  }
  return [key, value];
}
