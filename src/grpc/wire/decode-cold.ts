/**
 * Decodes rare messages with the generated code, after their fields are counted.
 */
import { FIELDS, SubscribeRequest, WireError, WireReader } from "ate-dispatcher-client/internal";
import type { Refusal } from "../../core/vocabulary/reason.js";
import { EntryCounts } from "./entry-counts.js";
import { type EntryLimits, excessRefusal, type MessageLimits } from "./entry-limits.js";

/** The generated code of a message. */
interface MessageType<T> {
  decode(bytes: Uint8Array): T;
}

/** Why a message is refused before it is decoded. */
export interface Refused {
  readonly refused: Refusal;
}

/** Decodes a message whose fields are counted. Throws {@link WireError} if it is malformed. */
export function decodeGenerated<T>(type: MessageType<T>, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new WireError(error instanceof Error ? error.message : "malformed");
  }
}

/** Decodes a message without repeated fields. Throws {@link WireError} if it is malformed, or has very many fields. */
export function decodeCold<T>(type: MessageType<T>, bytes: Uint8Array): T {
  new EntryCounts().count(new WireReader(bytes), []);
  return decodeGenerated(type, bytes);
}

/** Decodes a message with repeated fields, unless one has too many entries. Throws as {@link decodeCold}. */
export function decodeLimited<T>(
  type: MessageType<T>,
  bytes: Uint8Array,
  { input, limits }: MessageLimits,
): { readonly message: T } | Refused {
  const excess = new EntryCounts().count(new WireReader(bytes), limits);
  return excess ? { refused: excessRefusal(excess, input) } : { message: decodeGenerated(type, bytes) };
}

/** Decodes a SubscribeRequest, unless its member has too many entries. Throws as {@link decodeCold}. */
export function decodeSubscribe(
  bytes: Uint8Array,
  { listen, update }: EntryLimits,
): Pick<SubscribeRequest, "message"> | Refused {
  const counts = new EntryCounts();
  for (const reader = new WireReader(bytes); reader.next(); ) {
    const { field } = reader;
    const member =
      field === FIELDS.SUBSCRIBE_REQUEST.listen
        ? listen
        : field === FIELDS.SUBSCRIBE_REQUEST.update
          ? update
          : undefined;
    if (!member) {
      reader.skip();
      continue;
    }
    const outer = reader.enter();
    const excess = counts.count(reader, member.limits);
    reader.leave(outer);
    if (excess) return { refused: excessRefusal(excess, member.input) };
  }
  return decodeGenerated(SubscribeRequest, bytes);
}
