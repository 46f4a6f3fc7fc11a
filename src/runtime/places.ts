import type { AddressedEffect, Deliver, Summarize } from "../core/vocabulary/effect.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { Outbox } from "./outbox.js";

/** Takes the orders of one call. */
export type CallPlace = (order: AddressedEffect | Deliver | Summarize) => void;

/** Who is reached by which session key. */
export class Places {
  private readonly outboxes = new Map<SessionKey, Outbox>();
  private readonly calls = new Map<SessionKey, CallPlace>();
  private latest: SessionKey = 0;
  private droppedBefore = 0;

  /** How many are open. */
  get size(): number {
    return this.outboxes.size + this.calls.size;
  }

  /** Deliveries lost by all streams, those included that are gone. */
  get droppedCount(): number {
    let dropped = this.droppedBefore;
    for (const outbox of this.outboxes.values()) dropped += outbox.droppedCount;
    return dropped;
  }

  /** A key that was never used. */
  nextKey(): SessionKey {
    return ++this.latest;
  }

  addStream(outbox: Outbox): void {
    this.outboxes.set(outbox.key, outbox);
  }

  addCall(key: SessionKey, place: CallPlace): void {
    this.calls.set(key, place);
  }

  /** The stream of a key, if it is one and open. */
  stream(key: SessionKey): Outbox | undefined {
    return this.outboxes.get(key);
  }

  /** The call of a key, if it is one and open. */
  call(key: SessionKey): CallPlace | undefined {
    return this.calls.get(key);
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
