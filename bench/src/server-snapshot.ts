/** What `server-probe.ts` reports of the server process that it is loaded into. */
export interface ServerSnapshot {
  /** Resident memory and JavaScript heap after a garbage collection, in bytes. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** The longest stall of the event loop since the last snapshot, in milliseconds. */
  readonly longestStallMs: number;
}
