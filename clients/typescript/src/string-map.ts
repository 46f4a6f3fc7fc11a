import { setOwn } from "./json.js";
import type { WireCursor } from "./wire-cursor.js";

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
  const end = cursor.end();
  let [key, value] = ["", ""];
  while (cursor.at < end) {
    const tag = cursor.uint32();
    if (tag === 10) key = cursor.text();
    else if (tag === 18) value = cursor.text();
    else cursor.skip(tag);
  }
  setOwn(target, key, value);
  return target;
}
