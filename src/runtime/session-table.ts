import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { FromPeer } from "../ports/runtime.js";
import type { Outbox } from "./outbox.js";

/** Handles the effects for one unary call. */
export type EffectHandler = (effect: AddressedEffect | Deliver | Summarize) => void;

interface OpenCall {
  readonly from: FromPeer;
  readonly onEffect: EffectHandler;
}

/** Finds the stream or call of a session key. */
export class SessionTable {
  private readonly outboxes = new Map<SessionKey, Outbox>();
  private readonly calls = new Map<SessionKey, OpenCall>();
  private latest: SessionKey = 0;
  private droppedBefore = 0;

  /** The number of open streams and calls. */
  get size(): number {
    return this.outboxes.size + this.calls.size;
  }

  /** Deliveries lost by all streams, including closed ones. */
  get droppedCount(): number {
    let dropped = this.droppedBefore;
    for (const outbox of this.outboxes.values()) dropped += outbox.droppedCount;
    return dropped;
  }

  /** Returns a key that was never used before. */
  nextKey(): SessionKey {
    return ++this.latest;
  }

  addStream(outbox: Outbox): void {
    this.outboxes.set(outbox.key, outbox);
  }

  addCall(key: SessionKey, from: FromPeer, onEffect: EffectHandler): void {
    this.calls.set(key, { from, onEffect });
  }

  /** The open stream of a key; undefined if there is none. */
  stream(key: SessionKey): Outbox | undefined {
    return this.outboxes.get(key);
  }

  /** The handler of an open call; undefined if there is none. */
  call(key: SessionKey): EffectHandler | undefined {
    return this.calls.get(key)?.onEffect;
  }

  /** Key of the peer of an open stream or call; "" if there is none. */
  peerOf(key: SessionKey): string {
    return (this.outboxes.get(key) ?? this.calls.get(key)?.from)?.peer ?? "";
  }

  remove(key: SessionKey): void {
    const outbox = this.outboxes.get(key);
    if (outbox) {
      this.droppedBefore += outbox.droppedCount;
      outbox.release();
      this.outboxes.delete(key);
    }
    this.calls.delete(key);
  }
}
