/**
 * The shape of the work: so many producers answering so many listeners, with so many requests outstanding.
 */

/** One shape. */
export interface Shape {
  /** Producers; each one answers every request once. */
  readonly producers: number;
  /** Listeners; each one gets every answer. */
  readonly listeners: number;
  /** Bytes of an answer's payload. */
  readonly payloadBytes: number;
  /** Requests kept outstanding (closed loop). */
  readonly window: number;
}

/** Deliveries that one request leads to. */
export function deliveriesPerRequest(shape: Shape): number {
  return shape.producers * shape.listeners;
}
