/** Messages between the runner and a client process, over Node's IPC. */
import type { Measurement } from "./figures.js";
import type { ServerSnapshot } from "./server-snapshot.js";

/** A load above the one of the work: the server may shed requests, let them expire, and drop results. */
export interface Overload {
  readonly requestsPerSecond: number;
  readonly ttlMs: number;
}

/** What a client process measures; its first message. */
export interface SampleSpec {
  readonly peer: string;
  readonly work: string;
  /** The load of a sweep, instead of the one of the work. */
  readonly overload?: Overload;
  readonly address: string;
  readonly serverPid: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** From the client process: a call for a snapshot of the server, or its report, which comes once and last. */
export type ClientMessage = { readonly kind: "snapshot" } | ClientReport;

/** The result of a sample. */
export type ClientReport =
  | { readonly kind: "report"; readonly ok: true; readonly measurement: Measurement }
  | { readonly kind: "report"; readonly ok: false; readonly error: string };

/** The runner's answer to each call for a snapshot. */
export interface SnapshotMessage {
  readonly snapshot: ServerSnapshot;
}
