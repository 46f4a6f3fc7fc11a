import type { WireClient } from "../support/wire-client.js";
import type { Notes } from "./history.js";
import type { Plan } from "./plan.js";
import type { Schedule } from "./schedule.js";

/** The parts of a run that every actor uses. */
export interface RunContext extends Notes {
  readonly plan: Plan;
  readonly schedule: Schedule;
  /** Whether the run is ending, so that no actor reconnects. */
  readonly isEnding: boolean;
  /** A client for calls that belong to no actor; a new one after each restart of the server. */
  readonly control: WireClient;
  /** How many floods the server has received completely. */
  floodCount: number;
  /** Returns a name that is unique in the run. */
  fresh(prefix: string): string;
}

/** Delay after a failed attempt to connect, in milliseconds. */
export const RETRY_MS = 100;
