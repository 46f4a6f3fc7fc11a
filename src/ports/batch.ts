import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";

/** Orders that become an event or message on a peer's stream. */
export type Sendable =
  | Exclude<AddressedEffect, { readonly kind: "replay" | "close" | "cancelled" | "updated" }>
  | Deliver
  | Summarize;

/** One message of a stream in the making: a batch of events, encoded as they come. */
export interface Batch {
  /** Bytes so far. */
  readonly byteLength: number;
  /** Encodes an event behind the ones before it. */
  append(effect: Sendable): void;
  /** @returns the message; nothing may be appended afterwards. */
  finish(): Uint8Array;
}

/** Begins a batch. */
export type BatchFactory = () => Batch;
