import type { WireCursor } from "../codec/cursor.js";
import { TAGS } from "../gen/field-numbers.js";
import { setOwn } from "../json/json.js";

const { MAP_ENTRY } = TAGS;

/** An empty `map<string, string>`. One shared object, because most messages have no entries. */
export const NO_ENTRIES: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Reads one entry of a `map<string, string>`.
 *
 * @returns `map` with the entry, or a new map if `map` is {@link NO_ENTRIES}.
 */
export function readStringEntry(
  cursor: WireCursor,
  map: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const target: Record<string, string> = map === NO_ENTRIES ? {} : map;
  const end = cursor.stop();
  let [key, value] = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === MAP_ENTRY.key) key = cursor.text();
    else if (tag === MAP_ENTRY.value) value = cursor.text();
    else cursor.skipField(tag);
  }
  setOwn(target, key, value);
  return target;
}
