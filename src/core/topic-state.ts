import { type Audience, NO_AUDIENCE } from "./audiences.js";
import type { ListenerSession } from "./listener-session.js";
import type { Instant, Target } from "./model.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import type { RetainedBlock } from "./retained-block.js";

/** The members of one producer group on a topic, and which of them is asked next among equals. */
export interface ProducerGroup {
  readonly name: string;
  readonly members: readonly ProducerSession[];
  /** Index after the member chosen last. */
  position: number;
}

/** One producer to be asked. */
export interface Choice {
  readonly producer: ProducerSession;
  readonly group: ProducerGroup | undefined;
}

/** Producers that are asked always, and as what by a request that selects nobody; shared by topics that have the same. */
export class Singles {
  readonly choices: readonly Choice[];
  readonly targets: readonly Target[];

  constructor(readonly producers: readonly ProducerSession[]) {
    this.choices = producers.map((producer) => ({ producer, group: undefined }));
    this.targets = producers.map(({ producerId }) => ({ producerId, group: "" }));
  }
}

/** Everybody on a topic at one time, worked out once and used until somebody comes or goes. */
export class Routes {
  /** Producers that are asked always. */
  readonly singles: readonly ProducerSession[];
  /** They, as the choices and targets of a request that selects nobody, if there are no groups. */
  readonly choices: readonly Choice[];
  readonly targets: readonly Target[];

  /**
   * @param listenerCount - with and without a group.
   * @param everyone - listeners without a group: they hear every delivery in time.
   * @param includeLate - those of them that include late results.
   * @param includeSummaries - those of them that include summaries.
   * @param byWildcard - those of them who do not name the topic, and so learn of it when it begins.
   * @param listenerGroups - members of each listener group.
   */
  constructor(
    singles: Singles,
    readonly groups: readonly ProducerGroup[],
    readonly listenerCount: number,
    readonly everyone: Audience,
    readonly includeLate: Audience,
    readonly includeSummaries: Audience,
    readonly byWildcard: readonly ListenerSession[],
    readonly listenerGroups: readonly (readonly ListenerSession[])[],
  ) {
    this.singles = singles.producers;
    this.choices = singles.choices;
    this.targets = singles.targets;
  }
}

/** Nobody on a topic. */
export const NO_ROUTES = new Routes(new Singles([]), [], 0, NO_AUDIENCE, NO_AUDIENCE, NO_AUDIENCE, [], []);

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
  /** After how many changes of registrations that was, and the latest one that names the topic. */
  routesAt = 0;
  changedAt = 0;
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
