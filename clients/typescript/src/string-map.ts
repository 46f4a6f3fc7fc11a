import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { setOwn } from "./json.js";

/** A `map<string, string>` without entries; shared, because most messages have none. */
export const NO_ENTRIES: Readonly<Record<string, string>> = Object.freeze({});

/** Reads one entry of a `map<string, string>` into `map`, or into a new one if that is {@link NO_ENTRIES}. */
export function readStringEntry(
  reader: BinaryReader,
  map: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const target: Record<string, string> = map === NO_ENTRIES ? {} : map;
  const length = reader.uint32();
  const end = reader.pos + length;
  let [key, value] = ["", ""];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = reader.string();
    else reader.skip(tag & 7);
  }
  setOwn(target, key, value);
  return target;
}
