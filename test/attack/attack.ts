/** What an attack is, for the runner and for the process that makes it. */
import type { Attacker } from "./attacker/attacker.js";

/** Honest parties beside the usual neighbours. */
export type SceneName = "producers on slow links";

/** What every peer may do to others without authentication: docs/limits.md says it, and the verdict expects it. */
export interface Allowed {
  /** What the attacker must be told at least once. */
  readonly told: string;
  /** How the problems of neighbours begin that come of it. Any other problem breaks a bound. */
  readonly problems: readonly string[];
}

/** One attack. */
export interface Attack {
  /** Unique, of lower-case words and hyphens. */
  readonly name: string;
  /** What is sent, in one line. */
  readonly sends: string;
  /** Whether the short mode includes it. Together, these attacks take less than a minute. */
  readonly isQuick?: boolean;
  /** The least time limit of the attack, in seconds. */
  readonly seconds?: number;
  /** The heap of its server, in MiB; by default the one that the command line names. */
  readonly heapMb?: number;
  /** Default: the usual neighbours alone. */
  readonly scene?: SceneName;
  /**
   * Set if the neighbours may notice the attack while it lasts. They then open their sessions again when the attacker has
   * left, as a supervisor restarts a program, and must be served as before within five seconds.
   */
  readonly allowed?: Allowed;
  /**
   * Makes the attack. What it opened stays open after it resolves, until the runner ends the process: a newcomer must
   * be served beside what the attacker holds. The attack must end soon after `attacker.signal` aborts.
   */
  run(attacker: Attacker): Promise<void>;
}
