/** What `server-probe.ts` tells of the server process it is in. */
export interface ServerLook {
  /** Resident memory and JavaScript heap after the garbage was collected, in bytes. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** The longest time that the event loop was held up since the look before, in milliseconds. */
  readonly longestStallMs: number;
}
