/**
 * What the runner and a client process say to each other, over Node's IPC channel.
 */
import type { Measurement } from "./figures.js";
import type { ServerLook } from "./server-look.js";

/** More than the work itself asks for: requests may be refused, expire, and be lost. */
export interface Overload {
  readonly requestsPerSecond: number;
  readonly ttlMs: number;
}

/** The order to a client process, which waits for it. */
export interface ClientJob {
  readonly peer: string;
  readonly work: string;
  /** What a sweep changes about an open loop. */
  readonly overload?: Overload;
  readonly address: string;
  readonly serverPid: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What a client process says: that it wants a look at the server, or its answer, which comes once and last. */
export type ClientMessage = { readonly kind: "look" } | ClientAnswer;

/** The answer of a client process. */
export type ClientAnswer =
  | { readonly kind: "answer"; readonly ok: true; readonly measurement: Measurement }
  | { readonly kind: "answer"; readonly ok: false; readonly error: string };

/** The runner's answer to each "look". */
export interface LookAnswer {
  readonly look: ServerLook;
}
