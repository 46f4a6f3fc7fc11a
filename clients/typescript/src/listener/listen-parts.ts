import type { Cursor } from "../gen/ate/dispatcher/v1/session.js";
import { itemBytes, partsOf } from "../wire/message-parts.js";

/** What one of the messages that begin a listener's stream contains. */
export interface ListenPart {
  readonly topics: readonly string[];
  readonly cursors: readonly Cursor[];
}

/** More than the fields of a ListenRequest other than topics and cursors: id and group have at most 128 bytes. */
const MAX_OTHER_FIELDS_BYTES = 1024;

/** Distributes topics, and then the cursors to resume from, over messages that every server accepts. */
export function listenParts(
  topics: readonly string[],
  cursors: readonly Cursor[],
): readonly [ListenPart, ...ListenPart[]] {
  const items = [...topics, ...cursors];
  const parts = partsOf(items, bytesOf, MAX_OTHER_FIELDS_BYTES).map((part) => ({
    topics: part.filter((item) => typeof item === "string"),
    cursors: part.filter((item) => typeof item !== "string"),
  }));
  const [first = { topics: [], cursors: [] }, ...others] = parts;
  return [first, ...others];
}

function bytesOf(item: string | Cursor): number {
  return typeof item === "string" ? itemBytes(item) : itemBytes(item.topic, item.epoch);
}
