/** What the runner measured of one attack. */

/** A figure before the attack, during it, and after the attacker has left. */
export interface Phases {
  readonly before: number;
  readonly during: number;
  readonly after: number;
}

/** The measurement of one attack. */
export interface Measurement {
  readonly name: string;
  /** Bytes that the attacker's sockets have written. */
  readonly sentBytes: number;
  /** Bytes of its headers and messages before compression. */
  readonly decompressedBytes: number;
  /** The longest time in which the server's event loop did not turn and the process used the processor, in ms. */
  readonly heldMs: number;
  /** The same on the wall clock, which includes the time that a shared machine gave to others, in ms. */
  readonly heldWallMs: number;
  /** Whether the server's event loop still did not turn when the measurement ended, so that `heldMs` is a minimum. */
  readonly isStillHeld: boolean;
  /** Resident memory of the server in MiB; `during` is the peak since the attack began. */
  readonly rss: Phases;
  /** What the server says that it may hold, in MiB; undefined if it says nothing. */
  readonly serverBudgetMb: number | undefined;
  /** What the server wrote to its log since the attack began, in bytes. */
  readonly loggedBytes: number;
  /** The 99th percentile of the honest neighbours' latency, in ms. */
  readonly p99: Phases;
  /** Honest requests, of the neighbours and of the attack itself if it is an honest load. */
  readonly honest: { readonly answered: number; readonly total: number };
  /** How the server's process ended; undefined if it lives. */
  readonly ended: string | undefined;
  /** Whether the neighbours may notice the attack while it lasts. */
  readonly isAllowed: boolean;
  /** What a newcomer at another address could not do beside the attacker, and what happened to honest parties. */
  readonly problems: readonly string[];
  /** What the attacker was told: each status or event with its number. */
  readonly told: Readonly<Record<string, number>>;
  /** Why the attack was not made as intended; undefined if it was. */
  readonly attackError: string | undefined;
}

/** The bounds of the verdict. */
export interface Bounds {
  /** What the server may hold, in MiB; undefined for what the server says itself. */
  readonly budgetMb: number | undefined;
  /** In ms. */
  readonly maxHeldMs: number;
  /**
   * The smallest p99 that is compared, in ms. Below it, the scheduler of a shared machine decides the ratio of two
   * percentiles.
   */
  readonly p99FloorMs: number;
  /** Whether latency is judged. On a busy machine it says more about the machine. */
  readonly judgesLatency: boolean;
}
