import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { msFromDuration } from "./duration.js";
import { Duration } from "./gen/google/protobuf/duration.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

/** An `Assignment` whose request is still encoded. */
export interface WireAssignment {
  assignmentId: string;
  requestId: string;
  /** What remained of the TTL at sending, in milliseconds. */
  ttlMs: number;
  attempt: number;
  context: Readonly<Record<string, string>>;
  /** An encoded Request. */
  request: Uint8Array;
}

const EMPTY: Uint8Array = new Uint8Array();

/** Reads an `Assignment` of `length` bytes down to its request. */
export function readAssignment(reader: BinaryReader, length: number): WireAssignment {
  const end = reader.pos + length;
  const assignment: WireAssignment = {
    assignmentId: "",
    requestId: "",
    ttlMs: 0,
    attempt: 0,
    context: NO_ENTRIES,
    request: EMPTY,
  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        assignment.assignmentId = reader.string();
        break;
      case 18:
        assignment.requestId = reader.string();
        break;
      case 26:
        assignment.ttlMs = msFromDuration(Duration.decode(reader, reader.uint32()));
        break;
      case 40:
        assignment.attempt = reader.uint32();
        break;
      case 50:
        assignment.context = readStringEntry(reader, assignment.context);
        break;
      case 58:
        assignment.request = reader.bytes();
        break;
      default:
        reader.skip(tag & 7);
    }
  }
  return assignment;
}
