import type { Instant, Target } from "../vocabulary/model.js";
import { type Audience, NO_AUDIENCE } from "./audiences.js";
import type { ListenerSession } from "./listener-session.js";
import type { ProducerSession } from "./producer-session.js";
import { TopicLog } from "./topic-log.js";

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

/** Producers without a group, as the choices and targets of a request that selects nobody. */
export interface Singles {
  readonly producers: readonly ProducerSession[];
  readonly choices: readonly Choice[];
  readonly targets: readonly Target[];
}

/** Everybody on a topic at one time: computed once, and used until a registration changes. */
export interface Routes {
  /** Producers that are asked always. */
  readonly singles: Singles;
  readonly groups: readonly ProducerGroup[];
  /** Listeners with and without a group. */
  readonly listenerCount: number;
  /** Listeners without a group: they hear every delivery in time. */
  readonly everyone: Audience;
  /** Those of them that include late results. */
  readonly includeLate: Audience;
  /** Those of them that include summaries. */
  readonly includeSummaries: Audience;
  /** Those of them that cover the topic by a wildcard only, and so are told when it begins. */
  readonly byWildcard: readonly ListenerSession[];
  /** Members of each listener group. */
  readonly listenerGroups: readonly (readonly ListenerSession[])[];
}

/** The choices and targets of producers without a group. */
export function singlesOf(producers: readonly ProducerSession[]): Singles {
  return {
    producers,
    choices: producers.map((producer) => ({ producer, group: undefined })),
    targets: producers.map(({ producerId }) => ({ producerId, group: "" })),
  };
}

/** Nobody on a topic. */
export const NO_ROUTES: Routes = {
  singles: singlesOf([]),
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
  /** Its retained deliveries. */
  readonly log: TopicLog;
  /** Whether a listener may know its epoch. */
  isAnnounced = false;
  /** As they were last computed. */
  routes: Routes | undefined = undefined;
  /** Revision of the registrations at which the routes were computed. */
  routesAt = 0;
  /** Since when nobody has been registered and nothing pending; undefined while in use. */
  idleSince: Instant | undefined = undefined;

  /**
   * @param epoch - names this run of the numbering; never used again, for this or another topic.
   * @param changedAt - revision of the latest registration that names the topic, or of its beginning.
   */
  constructor(
    readonly name: string,
    readonly epoch: string,
    public changedAt: number,
  ) {
    this.log = new TopicLog(name);
  }
}
