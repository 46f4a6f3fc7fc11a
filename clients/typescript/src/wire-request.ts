// A `Request` as most dispatches are: a topic, bytes, and little else. wire-request.test.ts holds this file equal to
// the generated codecs, which write all others and say what is wrong with them.
import type { RequestOptions } from "./request-options.js";
import { fieldSize, textSize, varintSize, WireBuffer } from "./wire-buffer.js";

/** Beyond this many milliseconds, the seconds of a duration would need more than 31 bits. */
const MAX_TTL_MS = 2 ** 31 * 1000;

const scratch = new WireBuffer();

/** Encodes a request if it is a usual one; else undefined. */
export function encodeUsualRequest(topic: string, options: RequestOptions): Uint8Array | undefined {
  const { data, contentType = "", ttlMs = 0, requestId = "" } = options;
  if (!isUsual(options) || !(typeof ttlMs === "number" && ttlMs >= 0 && ttlMs < MAX_TTL_MS)) return undefined;
  if (typeof topic !== "string" || typeof contentType !== "string" || typeof requestId !== "string")
    return undefined;
  if (data !== undefined && !(data instanceof Uint8Array)) return undefined;
  const [topicSize, typeSize, idSize] = [textSize(topic), textSize(contentType), textSize(requestId)];
  const dataSize = data === undefined ? 0 : data.byteLength;
  scratch.reserve(fieldSize(topicSize) + fieldSize(dataSize) + fieldSize(typeSize) + fieldSize(idSize) + 14);
  if (topicSize > 0) scratch.text(1, topic, topicSize);
  if (data !== undefined && dataSize > 0) scratch.bytes(4, data);
  if (typeSize > 0) scratch.text(5, contentType, typeSize);
  if (options.ttlMs !== undefined) writeDuration(7, ttlMs);
  if (idSize > 0) scratch.text(8, requestId, idSize);
  return scratch.take();
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
function writeDuration(field: number, ms: number): void {
  let seconds = Math.trunc(ms / 1000);
  let nanos = Math.round((ms - seconds * 1000) * 1e6);
  if (nanos === 1e9) [seconds, nanos] = [seconds + 1, 0];
  const secondsSize = seconds === 0 ? 0 : 1 + varintSize(seconds);
  scratch.begin(field, secondsSize + (nanos === 0 ? 0 : 1 + varintSize(nanos)));
  if (seconds !== 0) scratch.number(1, seconds);
  if (nanos !== 0) scratch.number(2, nanos);
}
