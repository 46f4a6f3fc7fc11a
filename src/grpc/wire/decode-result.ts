/**
 * Checks a Result, which is forwarded verbatim, and reads whether it is an error.
 */
import { FIELDS, TAGS, type WireReader } from "ate-dispatcher-client/internal";
import type { Failure } from "../../core/vocabulary/model.js";
import { ownText } from "../../core/vocabulary/own-text.js";
import { checkAny, checkStringEntry, checkValue } from "./well-formed.js";

const {
  value: RESULT_VALUE,
  data: RESULT_DATA,
  error: RESULT_ERROR,
  contentType: RESULT_CONTENT_TYPE,
  attributes: RESULT_ATTRIBUTES,
} = TAGS.RESULT;
const { code: STATUS_CODE } = FIELDS.STATUS;
const { message: STATUS_MESSAGE, details: STATUS_DETAILS } = TAGS.STATUS;
const RESULT_MEMBERS = Math.max(...Object.values(FIELDS.RESULT));
const STATUS_MEMBERS = Math.max(...Object.values(FIELDS.STATUS));

/** Maximum length of a failure message in summaries, in characters. The delivered result keeps the whole message. */
const MAX_FAILURE_LENGTH = 1_024;

/**
 * Reads the entered Result up to its end.
 *
 * @returns its failure, if it has one. The last outcome on the wire wins.
 * @throws {WireError} if a stock parser could not read it.
 */
export function decodeResult(reader: WireReader): Failure | undefined {
  let failure: Failure | undefined;
  while (reader.next()) {
    const tag = reader.currentTag;
    if (tag === RESULT_DATA) {
      failure = undefined;
      reader.skip();
    } else if (tag === RESULT_VALUE) {
      failure = undefined;
      checkValue(reader);
    } else if (tag === RESULT_ERROR) failure = decodeStatus(reader);
    else if (tag === RESULT_CONTENT_TYPE) reader.skipUtf8();
    else if (tag === RESULT_ATTRIBUTES) checkStringEntry(reader);
    else reader.skipUnknown(RESULT_MEMBERS);
  }
  return failure;
}

function decodeStatus(reader: WireReader): Failure {
  const outer = reader.enter();
  let code = 0;
  let message = "";
  while (reader.next()) {
    const tag = reader.currentTag;
    if (reader.field === STATUS_CODE) code = reader.int32();
    else if (tag === STATUS_MESSAGE) message = reader.utf8();
    else if (tag === STATUS_DETAILS) checkAny(reader);
    else reader.skipUnknown(STATUS_MEMBERS);
  }
  reader.leave(outer);
  return { code, message: ownText(message, MAX_FAILURE_LENGTH) };
}
