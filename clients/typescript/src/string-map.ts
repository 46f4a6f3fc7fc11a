import { setOwn } from "./json.js";
import type { WireCursor } from "./wire-cursor.js";

/** A `map<string, string>` without entries; shared, because most messages have none. */
export const NO_ENTRIES: Readonly<Record<string, string>> = Object.freeze({});

/** Reads one entry of a `map<string, string>` into `map`, or into a new one if that is {@link NO_ENTRIES}. */
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
