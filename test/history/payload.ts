/**
 * What requests and results carry: who wrote it for what, and filling, so that whatever arrives anywhere can be traced to
 * the one who wrote it.
 */
import { createHash } from "node:crypto";

/** What a payload says about itself. */
export interface Label {
  readonly requestId: string;
  /** Who wrote it: a producer, or the requester. */
  readonly by: string;
  /** The session that wrote it. */
  readonly session: string;
  /** Which of its writer's results of this request it is, from 0; tells results apart that are equal otherwise. */
  readonly index: number;
}

/** In bytes; the rest of a payload is filling. */
const LONGEST_LABEL = 1_024;

/** A payload of about so many bytes, at least as long as its label. */
export function makePayload(label: Label, bytes: number): Buffer {
  const head = `${JSON.stringify(label)}\n`;
  return Buffer.from(head.padEnd(bytes, `${label.requestId}.`));
}

/** Reads the label. @returns undefined if nobody here wrote this. */
export function labelOf(payload: Uint8Array | string): Label | undefined {
  const text =
    typeof payload === "string" ? payload : Buffer.from(payload.subarray(0, LONGEST_LABEL)).toString();
  try {
    return JSON.parse(text.slice(0, text.indexOf("\n"))) as Label;
  } catch {
    return undefined;
  }
}

/** Names a payload, or the message of an error, by its content. */
export function digestOf(kind: "data" | "error", payload: Uint8Array | string): string {
  return createHash("sha256").update(`${kind}\n`).update(payload).digest("base64url").slice(0, 22);
}
