/** What the runner and the process of an attacker tell each other. */

/** From the attacker: its state so far; sent several times a second. */
export interface AttackerReport {
  readonly sentBytes: number;
  readonly decompressedBytes: number;
  readonly told: Readonly<Record<string, number>>;
  readonly answered: number;
  readonly total: number;
  /** Whether the attack is made: the attacker sends nothing more and keeps what it has opened. */
  readonly isDone: boolean;
  /** Why it could not be made. */
  readonly error?: string;
}
