import type { Account } from "../tables/ledger.js";
import type { Instant, Target } from "../vocabulary/model.js";
import { type Audience, NO_AUDIENCE } from "./audiences.js";
import type { ListenerSession } from "./listener-session.js";
import type { ProducerSession } from "./producer-session.js";
import { TopicLog } from "./topic-log.js";

/** The members of one producer group on a topic, and the position of its rotation. */
export interface ProducerGroup {
  readonly name: string;
  readonly members: readonly ProducerSession[];
  /**
   * Index after the member that was chosen last; the next choice prefers this member among equals. If the routes were
   * dropped since, the groups of the topic go on at the position of its first group.
   */
  position: number;
  /** When a search found that no member has credit or room. */
  fullAt: Instant;
}

/** One producer that was chosen for a request. */
export interface Choice {
  readonly producer: ProducerSession;
  readonly group: ProducerGroup | undefined;
}

/** Producers without a group, with the choices and targets of a request that has no selector. */
export interface Ungrouped {
  readonly producers: readonly ProducerSession[];
  readonly choices: readonly Choice[];
  readonly targets: readonly Target[];
}

/** All producers and listeners of a topic; computed once, and valid until a registration changes. */
export interface Routes {
  /** Producers without a group, which are asked for every request. */
  readonly ungrouped: Ungrouped;
  /** Groups by name. */
  readonly groups: ReadonlyMap<string, ProducerGroup>;
  /** Whether a producer is a member of several groups; it is asked for one of them at most. */
  readonly hasSharedMembers: boolean;
  /** Number of producers that are members of groups. */
  readonly memberCount: number;
  /** Number of listeners, with and without a group. */
  readonly listenerCount: number;
  /** Listeners without a group, which receive every in-time delivery. */
  readonly audience: Audience;
  /** Listeners without a group that include late results. */
  readonly lateAudience: Audience;
  /** Listeners without a group that include summaries. */
  readonly summaryAudience: Audience;
  /** Listeners without a group that cover the topic only by a wildcard, and receive an announcement when it begins. */
  readonly wildcardListeners: readonly ListenerSession[];
  /** Members of each listener group. */
  readonly listenerGroups: readonly (readonly ListenerSession[])[];
}

/** Creates the choices and targets of producers without a group. */
export function ungroupedOf(producers: readonly ProducerSession[]): Ungrouped {
  return {
    producers,
    choices: producers.map((producer) => ({ producer, group: undefined })),
    targets: producers.map((producer) => producer.target),
  };
}

/** Routes of a topic without producers and listeners. */
export const NO_ROUTES: Routes = {
  ungrouped: ungroupedOf([]),
  groups: new Map(),
  hasSharedMembers: false,
  memberCount: 0,
  listenerCount: 0,
  audience: NO_AUDIENCE,
  lateAudience: NO_AUDIENCE,
  summaryAudience: NO_AUDIENCE,
  wildcardListeners: [],
  listenerGroups: [],
};

/**
 * The state of one topic: its numbering, its retained log and its routes. A topic that is registered and never used takes
 * 120 bytes; so it has no log before its first delivery, and a number instead of the text of its epoch.
 */
export class TopicState {
  /** Last position that was assigned to a result. */
  sequence = 0;
  pendingCount = 0;
  private retained: TopicLog | undefined = undefined;
  /** Whether a listener may know the topic's epoch. */
  isAnnounced = false;
  /** Last computed routes; may be stale. Only {@link RouteCache} sets them. */
  routes: Routes | undefined = undefined;
  /** Revision of the registrations when the routes were computed. */
  routesAt = 0;
  /** Position at which the groups of the topic begin their rotation when there are no earlier routes. */
  position = 0;
  /** Instant since which the topic has had no registration and no pending request; undefined while it is in use. */
  idleSince: Instant | undefined = undefined;

  /**
   * @param owner - the peer that caused the state. The topic is charged to it as long as the state exists, whoever uses
   * it.
   * @param serverId - identifies the process.
   * @param epochNumber - identifies this run of the numbering within the process; never reused, by this topic or another.
   * @param changedAt - revision of the latest change to a registration that names the topic, or of its creation.
   */
  constructor(
    readonly name: string,
    readonly owner: Account,
    private readonly serverId: string,
    private readonly epochNumber: number,
    public changedAt: number,
  ) {}

  /** Identifies this run of the numbering; never reused, by this topic or another, nor by another process. */
  get epoch(): string {
    return `${this.serverId}.${this.epochNumber.toString(36)}`;
  }

  /** Retained deliveries of the topic; created at the first access. */
  get log(): TopicLog {
    this.retained ??= new TopicLog(this.name);
    return this.retained;
  }

  /** Number of retained deliveries. */
  get retainedCount(): number {
    return this.retained?.count ?? 0;
  }

  /** Cost of the retained deliveries, in bytes. */
  get retainedBytes(): number {
    return this.retained?.byteLength ?? 0;
  }
}
