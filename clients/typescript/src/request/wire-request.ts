// A `Request` as most dispatches are: a topic, bytes, and little else. wire-request.test.ts holds this file equal to
// the generated codecs, which write all others and say what is wrong with them.

import { fieldSize, textSize, varintSize, type WireWriter } from "../codec/writer.js";
import { FIELDS } from "../gen/field-numbers.js";
import type { RequestOptions } from "./request-options.js";

// Constants of this module, because loading members of the table at each use took a twelfth of the time of encoding.
const { seconds: DURATION_SECONDS, nanos: DURATION_NANOS } = FIELDS.DURATION;
const {
  topic: REQUEST_TOPIC,
  data: REQUEST_DATA,
  contentType: REQUEST_CONTENT_TYPE,
  ttl: REQUEST_TTL,
  requestId: REQUEST_REQUEST_ID,
} = FIELDS.REQUEST;

/** Beyond this many milliseconds, the seconds of a duration would need more than 31 bits. */
const MAX_TTL_MS = 2 ** 31 * 1000;

/** Encodes a request if it is a usual one; else undefined. @param writer - empty, and empty again afterwards. */
export function encodeUsualRequest(
  topic: string,
  options: RequestOptions,
  writer: WireWriter,
): Uint8Array | undefined {
  const { data, contentType = "", ttlMs = 0, requestId = "" } = options;
  if (!isUsual(options) || !(typeof ttlMs === "number" && ttlMs >= 0 && ttlMs < MAX_TTL_MS)) return undefined;
  if (typeof topic !== "string" || typeof contentType !== "string" || typeof requestId !== "string")
    return undefined;
  if (data !== undefined && !(data instanceof Uint8Array)) return undefined;
  const [topicSize, typeSize, idSize] = [textSize(topic), textSize(contentType), textSize(requestId)];
  const dataSize = data === undefined ? 0 : data.byteLength;
  writer.reserve(fieldSize(topicSize) + fieldSize(dataSize) + fieldSize(typeSize) + fieldSize(idSize) + 14);
  if (topicSize > 0) writer.text(REQUEST_TOPIC, topic, topicSize);
  if (data !== undefined && dataSize > 0) writer.bytes(REQUEST_DATA, data);
  if (typeSize > 0) writer.text(REQUEST_CONTENT_TYPE, contentType, typeSize);
  if (options.ttlMs !== undefined) writeDuration(writer, REQUEST_TTL, ttlMs);
  if (idSize > 0) writer.text(REQUEST_REQUEST_ID, requestId, idSize);
  return writer.take();
}

function isUsual(options: RequestOptions): boolean {
  return (
    options.args === undefined &&
    options.kwargs === undefined &&
    options.attributes === undefined &&
    options.completion === undefined &&
    options.selector === undefined &&
    options.noProducersAction === undefined
  );
}

/** A `google.protobuf.Duration`. */
function writeDuration(writer: WireWriter, field: number, ms: number): void {
  let seconds = Math.trunc(ms / 1000);
  let nanos = Math.round((ms - seconds * 1000) * 1e6);
  if (nanos === 1e9) [seconds, nanos] = [seconds + 1, 0];
  const secondsSize = seconds === 0 ? 0 : 1 + varintSize(seconds);
  writer.begin(field, secondsSize + (nanos === 0 ? 0 : 1 + varintSize(nanos)));
  writer.number(DURATION_SECONDS, seconds);
  writer.number(DURATION_NANOS, nanos);
}
