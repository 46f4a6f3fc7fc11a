/**
 * Payloads of requests and results. Each names its writer and request, so that every received payload can be traced, and
 * is padded to its size.
 */
import { createHash } from "node:crypto";

/** The label of a payload. */
export interface Label {
  readonly requestId: string;
  /** The writer: a producer or the requester. */
  readonly by: string;
  /** The session of the writer. */
  readonly session: string;
  /** The index of the result among its writer's results for this request, from 0. */
  readonly index: number;
}

/** In bytes; the rest of a payload is padding. */
const MAX_LABEL_BYTES = 1_024;

/** Returns a payload of a size in bytes, but not shorter than its label. */
export function makePayload(label: Label, bytes: number): Buffer {
  const head = `${JSON.stringify(label)}\n`;
  return Buffer.from(head.padEnd(bytes, `${label.requestId}.`));
}

/** Reads the label. @returns undefined if no actor wrote this payload. */
export function labelOf(payload: Uint8Array | string): Label | undefined {
  const text =
    typeof payload === "string" ? payload : Buffer.from(payload.subarray(0, MAX_LABEL_BYTES)).toString();
  try {
    return JSON.parse(text.slice(0, text.indexOf("\n"))) as Label;
  } catch {
    return undefined;
  }
}

/** Returns the digest of a payload or of an error message. */
export function digestOf(kind: "data" | "error", payload: Uint8Array | string): string {
  return createHash("sha256").update(`${kind}\n`).update(payload).digest("base64url").slice(0, 22);
}
