/**
 * What the runner and a client process say to each other, over Node's IPC channel.
 */

/** The order to a client process; its only argument, as JSON. */
export interface ClientJob {
  readonly peer: string;
  readonly shape: string;
  readonly address: string;
  readonly serverPid: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What one sample measured. */
export interface Measurement {
  readonly deliveriesPerSecond: number;
  /** Server CPU per delivery, microseconds; null if this system cannot tell. */
  readonly serverCpuUsPerDelivery: number | null;
  /** CPU used in the measured time, in cores; 1 is one core fully busy. */
  readonly serverCores: number | null;
  readonly clientCores: number;
  /** Cores in use by anything else, the kernel's own work included: far above 0.2 means a disturbed sample. */
  readonly otherCores: number | null;
  /** Requests that ended in the measured time. */
  readonly requestCount: number;
  readonly measuredMs: number;
  /** Payloads that were compared as a whole, in the entire sample. */
  readonly verifiedCount: number;
}

/** The answer of a client process, its only message. */
export type ClientAnswer =
  | { readonly ok: true; readonly measurement: Measurement }
  | { readonly ok: false; readonly error: string };
