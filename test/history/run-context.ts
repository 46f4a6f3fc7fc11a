import type { WireClient } from "../support/wire-client.js";
import type { Notes } from "./history.js";
import type { Plan } from "./plan.js";
import type { Schedule } from "./schedule.js";

/** What every actor of a run is given. */
export interface RunContext extends Notes {
  readonly plan: Plan;
  readonly schedule: Schedule;
  /** Whether it is over, so that nobody comes back. */
  readonly isEnding: boolean;
  /** For calls that belong to nobody; anew after a restart of the server. */
  readonly control: WireClient;
  /** How often the server has taken all of a flood. */
  floodCount: number;
  /** A name that was not used before in this run. */
  fresh(prefix: string): string;
}

/** Time between a try to connect that failed and the next. */
export const RETRY_MS = 100;
