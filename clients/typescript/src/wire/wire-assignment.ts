import type { WireCursor } from "../codec/cursor.js";
import { TAGS } from "../gen/field-numbers.js";
import { readDuration } from "../values/duration.js";
import { NO_ENTRIES, readStringEntry } from "./string-map.js";

const { ASSIGNMENT } = TAGS;

/** An `Assignment` whose request is still encoded. */
export interface WireAssignment {
  assignmentId: string;
  requestId: string;
  requester: string;
  /** What remained of the TTL at sending, in milliseconds. */
  ttlMs: number;
  attempt: number;
  context: Readonly<Record<string, string>>;
  /** An encoded Request. */
  request: Uint8Array;
}

const EMPTY: Uint8Array = new Uint8Array();

/** Reads the `Assignment` that ends at `end`, down to its request. */
export function readAssignment(cursor: WireCursor, end: number): WireAssignment {
  const assignment: WireAssignment = {
    assignmentId: "",
    requestId: "",
    requester: "",
    ttlMs: 0,
    attempt: 0,
    context: NO_ENTRIES,
    request: EMPTY,
  };
  while (cursor.at < end) {
    const tag = cursor.uint32();
    switch (tag) {
      case ASSIGNMENT.assignmentId:
        assignment.assignmentId = cursor.text();
        break;
      case ASSIGNMENT.requestId:
        assignment.requestId = cursor.text();
        break;
      case ASSIGNMENT.requester:
        assignment.requester = cursor.text();
        break;
      case ASSIGNMENT.ttl:
        assignment.ttlMs = readDuration(cursor);
        break;
      case ASSIGNMENT.attempt:
        assignment.attempt = cursor.uint32();
        break;
      case ASSIGNMENT.context:
        assignment.context = readStringEntry(cursor, assignment.context);
        break;
      case ASSIGNMENT.request:
        assignment.request = cursor.view();
        break;
      default:
        cursor.skipField(tag);
    }
  }
  return assignment;
}
