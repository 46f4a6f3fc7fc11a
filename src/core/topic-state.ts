import type { ListenerSession } from "./listener-session.js";
import { type Audience, type Instant, NO_AUDIENCE, type Target } from "./model.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import type { RetainedBlock } from "./retained-block.js";

/** The members of one producer group on a topic, and whose turn it is. */
export interface ProducerGroup {
  readonly name: string;
  readonly members: readonly ProducerSession[];
  /** Index after the member chosen last. */
  turn: number;
}

/** One producer to be asked. */
export interface Choice {
  readonly producer: ProducerSession;
  readonly group: ProducerGroup | undefined;
}

/** Everybody on a topic at one time, worked out once and used until somebody comes or goes. */
export interface Routes {
  /** Producers that are asked always. */
  readonly singles: readonly ProducerSession[];
  /** They, as the choices and targets of a request that selects nobody, if there are no groups. */
  readonly choices: readonly Choice[];
  readonly targets: readonly Target[];
  readonly groups: readonly ProducerGroup[];
  readonly listenerCount: number;
  /** Listeners without a group; of them, those who include late results, and those who include summaries. */
  readonly everyone: Audience;
  readonly includeLate: Audience;
  readonly includeSummaries: Audience;
  /** Those of them who do not name the topic, and so learn of it when it begins. */
  readonly byWildcard: readonly ListenerSession[];
  /** Members of each listener group. */
  readonly listenerGroups: readonly (readonly ListenerSession[])[];
}

/** Nobody on a topic. */
export const NO_ROUTES: Routes = {
  singles: [],
  choices: [],
  targets: [],
  groups: [],
  listenerCount: 0,
  everyone: NO_AUDIENCE,
  includeLate: NO_AUDIENCE,
  includeSummaries: NO_AUDIENCE,
  byWildcard: [],
  listenerGroups: [],
};

/** What is held of one topic: its numbering, its retained log, and who is on it. */
export class TopicState {
  /** The last position given out. */
  sequence = 0;
  pendingCount = 0;
  /** Requests held for the first producer, oldest first. */
  readonly held = new Set<PendingRequest>();
  /** Where its retained deliveries are, oldest first, from `logStart` on: in which block, and at which index of it. */
  readonly log: (RetainedBlock | undefined)[] = [];
  readonly logIndexes: number[] = [];
  logStart = 0;
  logBytes = 0;
  /** Whether a listener may know its epoch. */
  isTold = false;
  /** As they were last worked out. */
  routes: Routes | undefined = undefined;
  /** At which count of changes of wildcard registrations that was; another number if they are out of date. */
  routesVersion = 0;
  /** Since when nobody has been registered and nothing pending; undefined while in use. */
  idleSince: Instant | undefined = undefined;

  /** @param epoch - names this run of the numbering; never used again, for this or another topic. */
  constructor(
    readonly name: string,
    readonly epoch: string,
  ) {}

  /** How many deliveries are retained. */
  get logCount(): number {
    return this.log.length - this.logStart;
  }
}
