/** The shape of a work: the number of participants, the payload, and the requests outstanding. */

/** One shape. */
export interface Shape {
  /** Each producer answers every request once. */
  readonly producers: number;
  /** Each listener receives every result. */
  readonly listeners: number;
  /** Payload bytes of a result. */
  readonly payloadBytes: number;
  /** Outstanding requests of a closed loop. */
  readonly window: number;
}

/** Deliveries of one request. */
export function deliveriesPerRequest(shape: Shape): number {
  return shape.producers * shape.listeners;
}
