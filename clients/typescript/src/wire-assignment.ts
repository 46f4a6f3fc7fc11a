import { readDuration } from "./duration.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";
import type { WireCursor } from "./wire-cursor.js";

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

/** Reads an `Assignment` that ends at `end`, down to its request. */
export function readAssignment(cursor: WireCursor, end: number): WireAssignment {
  const assignment: WireAssignment = {
    assignmentId: "",
    requestId: "",
    ttlMs: 0,
    attempt: 0,
    context: NO_ENTRIES,
    request: EMPTY,
  };
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case 10:
        assignment.assignmentId = cursor.text();
        break;
      case 18:
        assignment.requestId = cursor.text();
        break;
      case 26:
        assignment.ttlMs = readDuration(cursor);
        break;
      case 40:
        assignment.attempt = cursor.uint32();
        break;
      case 50:
        assignment.context = readStringEntry(cursor, assignment.context);
        break;
      case 58:
        assignment.request = cursor.view();
        break;
      default:
        cursor.skip(tag);
    }
  }
  return assignment;
}
