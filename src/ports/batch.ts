import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";

/** Effects that become an event on a peer's stream. */
export type Sendable =
  | Exclude<AddressedEffect, { readonly kind: "replay" | "close" | "cancelled" | "updated" }>
  | Deliver
  | Summarize;

/** One message of a stream under construction: a batch of events, each encoded as it is appended. */
export interface Batch {
  /** Encoded bytes so far. */
  readonly byteLength: number;
  /** Encodes an event after the earlier ones. */
  append(effect: Sendable): void;
  /**
   * Ends the batch. Nothing may be appended afterwards.
   *
   * @returns the message as parts; it is their plain concatenation. A large payload is a part of its own, which other
   * messages may share, so the parts must not change any more.
   */
  finish(): readonly Uint8Array[];
}

/** Creates an empty batch. @param minSharedBytes - a payload of this size or more is a part of its own, not a copy. */
export type BatchFactory = (minSharedBytes: number) => Batch;
