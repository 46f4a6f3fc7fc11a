/**
 * Looks at every delivery of a sample: its length and number always, its whole payload now and then, and in the end
 * that every listener has got its share.
 */
import type { Payloads } from "./payload.js";
import type { Shape } from "./shape.js";

/**
 * Every so many deliveries of a listener the whole payload is compared, not only its number and length. A prime, so
 * that with answers in a fixed order each producer has its turn.
 */
const VERIFY_EVERY = 61;

/** Checks and counts deliveries. */
export class DeliveryCheck {
  readonly #producers: number;
  readonly #payloads: Payloads;
  readonly #received: number[];
  #verifiedCount = 0;

  constructor({ producers, listeners }: Shape, payloads: Payloads) {
    this.#producers = producers;
    this.#payloads = payloads;
    this.#received = new Array<number>(listeners).fill(0);
  }

  /** Deliveries whose whole payload was compared. */
  get verifiedCount(): number {
    return this.#verifiedCount;
  }

  /** Checks one delivery. @returns the number of its request. @throws Error if it is not what was sent. */
  take(listener: number, bytes: Uint8Array, start: number, end: number): number {
    if (end - start !== this.#payloads.byteLength) {
      throw new Error(`a payload of ${end - start} bytes came, not ${this.#payloads.byteLength}`);
    }
    const received = (this.#received[listener] as number) + 1;
    this.#received[listener] = received;
    if (received % VERIFY_EVERY === 1) this.#verify(bytes, start, end);
    return this.#payloads.sequenceOf(bytes, start);
  }

  /** Throws unless each listener has got all producers' answers to so many requests. */
  checkTotals(requestCount: number): void {
    const expected = requestCount * this.#producers;
    for (const [listener, count] of this.#received.entries()) {
      if (count !== expected) throw new Error(`listener ${listener} got ${count} results, not ${expected}`);
    }
  }

  #verify(bytes: Uint8Array, start: number, end: number): void {
    const producer = this.#payloads.verify(bytes, start, end);
    if (producer >= this.#producers) throw new Error(`a payload names producer ${producer}`);
    this.#verifiedCount++;
  }
}
