/**
 * An open loop: requests are sent at fixed times, whether or not earlier ones are complete. Latency counts from the
 * intended time, so that a slow server gets no fewer requests and time in queues is included.
 */
import { DeliveryCheck } from "./delivery-check.js";
import type { Payloads } from "./payload.js";
import { deliveriesPerRequest, type Shape } from "./shape.js";

interface Outstanding {
  readonly dueAt: number;
  missing: number;
}

/** Accounts for requests, deliveries and latencies. */
export class OpenLoop {
  readonly #check: DeliveryCheck;
  readonly #failure: (error: Error) => void;
  readonly #deliveriesPerRequest: number;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #latencies: { dueAt: number; ms: number }[] = [];
  readonly #now: () => number;
  #sentCount = 0;
  #completedCount = 0;
  #deliveredCount = 0;
  #shedCount = 0;
  #lostCount = 0;

  /** @param now - a monotonic clock in milliseconds. */
  constructor(shape: Shape, payloads: Payloads, onFailure: (error: Error) => void, now: () => number) {
    this.#check = new DeliveryCheck(shape, payloads);
    this.#failure = onFailure;
    this.#deliveriesPerRequest = deliveriesPerRequest(shape);
    this.#now = now;
  }

  /** Requests sent so far. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Requests whose results have all reached every listener. */
  get completedCount(): number {
    return this.#completedCount;
  }

  /** Results that listeners have received. */
  get deliveredCount(): number {
    return this.#deliveredCount;
  }

  /** Requests that the server has shed. */
  get shedCount(): number {
    return this.#shedCount;
  }

  /** Results that gaps report as lost. */
  get lostCount(): number {
    return this.#lostCount;
  }

  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  /** Deliveries whose payload was compared byte by byte. */
  get verifiedCount(): number {
    return this.#check.verifiedCount;
  }

  /** Records that a request is sent whose intended time is `dueAt`. */
  begin(sequence: number, dueAt: number): void {
    this.#sentCount++;
    this.#outstanding.set(sequence, { dueAt, missing: this.#deliveriesPerRequest + 1 });
  }

  accepted(sequence: number): void {
    this.#count(sequence);
  }

  delivered(listener: number, bytes: Uint8Array, start: number, end: number): void {
    try {
      const sequence = this.#check.take(listener, bytes, start, end);
      this.#deliveredCount++;
      this.#count(sequence);
    } catch (error) {
      this.#failure(error as Error);
    }
  }

  shed(sequence: number): void {
    this.#shedCount++;
    this.#outstanding.delete(sequence);
  }

  lost(count: number): void {
    this.#lostCount += count;
  }

  /** Throws unless each listener has received all its results; only valid if nothing was shed. */
  checkTotals(): void {
    this.#check.checkTotals(this.#completedCount);
  }

  /** Latencies in milliseconds of completed requests whose intended time is in [begin, end). */
  latenciesBetween(begin: number, end: number): number[] {
    return this.#latencies.filter(({ dueAt }) => dueAt >= begin && dueAt < end).map(({ ms }) => ms);
  }

  #count(sequence: number): void {
    const request = this.#outstanding.get(sequence);
    if (request === undefined) {
      this.#failure(new Error(`an event came for request ${sequence}, which is not outstanding`));
      return;
    }
    request.missing--;
    if (request.missing > 0) return;
    this.#outstanding.delete(sequence);
    this.#completedCount++;
    this.#latencies.push({ dueAt: request.dueAt, ms: this.#now() - request.dueAt });
  }
}
