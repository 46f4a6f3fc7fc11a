/**
 * The work of a sample: so many producers answering so many listeners, with so many requests outstanding.
 */
import { findNamed } from "./named.js";

/** One shape of the work. */
export interface Shape {
  /** How it is named on the command line and in the tables: producers x listeners / payload bytes. */
  readonly name: string;
  /** Producers; each one answers every request once. */
  readonly producers: number;
  /** Listeners; each one gets every answer. */
  readonly listeners: number;
  /** Bytes of an answer's payload. */
  readonly payloadBytes: number;
  /** Requests kept outstanding (closed loop). */
  readonly window: number;
}

/** All shapes that are measured; the first one is the one with a goal. */
export const SHAPES: readonly Shape[] = [
  { name: "4x4/128", producers: 4, listeners: 4, payloadBytes: 128, window: 64 },
  { name: "1x1/128", producers: 1, listeners: 1, payloadBytes: 128, window: 256 },
  { name: "16x16/128", producers: 16, listeners: 16, payloadBytes: 128, window: 16 },
  { name: "4x4/4096", producers: 4, listeners: 4, payloadBytes: 4096, window: 64 },
];

/** Finds a shape by its name, or throws. */
export function findShape(name: string): Shape {
  return findNamed("shape", SHAPES, name);
}

/** Deliveries that one request leads to. */
export function deliveriesPerRequest(shape: Shape): number {
  return shape.producers * shape.listeners;
}
