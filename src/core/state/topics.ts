/**
 * The life cycle of topics: a topic has state from its first use until it is unused and its deliveries have expired.
 */
import type { Account } from "../tables/ledger.js";
import { SortedMap } from "../tables/sorted-map.js";
import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { IDLE_TOPIC_BYTES, topicBytes } from "./costs.js";
import { IdleTopics } from "./idle-topics.js";
import { RouteCache } from "./route-cache.js";
import { TopicState } from "./topic-state.js";

/** All topics that have state. */
export class Topics {
  private readonly byName = new SortedMap<TopicState>();
  /** Unused topics, in the order in which they became idle. */
  private readonly idle = new IdleTopics();
  /** Unused topics of each peer that has caused any, in the same order. */
  private readonly idleByOwner = new Map<Account, IdleTopics>();
  /** The topic that was found last; cached, because each request and each result looks up its topic several times. */
  private latest: TopicState | undefined = undefined;
  private epochCount = 0;

  /**
   * @param serverId - makes epochs unique across processes.
   * @param routes - the cached routes of the topics.
   */
  constructor(
    private readonly serverId: string,
    private readonly limits: Pick<Limits, "maxTopics" | "retainedMs">,
    readonly routes = new RouteCache(),
  ) {}

  /** Number of topics with state. */
  get size(): number {
    return this.byName.size;
  }

  /** Number of topics with state that are unused. */
  get idleCount(): number {
    return this.idle.size;
  }

  /** All topics with state, in no particular order. Topics that are created during the iteration are visited as well. */
  all(): Iterable<TopicState> {
    return this.byName.values();
  }

  /** The topics with state whose names come after this one, in the order of their names. */
  after(name: string): Iterable<TopicState> {
    return this.byName.after(name);
  }

  /** The state of a topic, if it has any. */
  find(name: string): TopicState | undefined {
    if (this.latest?.name === name) return this.latest;
    const topic = this.byName.get(name);
    if (topic) this.latest = topic;
    return topic;
  }

  /**
   * The state of a topic, created if it has none; undefined if the limit of topics is reached, or the owner's share of it,
   * and none of the next 100 idle topics can be evicted, because they have retained deliveries.
   *
   * @param owner - the peer to which a new topic is charged until it is evicted.
   * @param revision - current revision of the registrations.
   */
  open(name: string, owner: Account, revision: number): TopicState | undefined {
    const known = this.find(name);
    if (known) return known;
    if (!this.makeRoom(owner)) return undefined;
    const topic = new TopicState(name, owner, this.serverId, ++this.epochCount, revision);
    this.byName.set(name, topic);
    owner.add("topics");
    owner.charge(topicBytes(name));
    return topic;
  }

  /** Marks a topic as used. */
  markUsed(topic: TopicState): void {
    if (topic.idleSince === undefined) return;
    topic.idleSince = undefined;
    this.removeIdle(topic);
  }

  /**
   * Marks a topic as unused. Evicts it at once if no listener knows its epoch and no wildcard covers it.
   *
   * @param isReachable - whether a registration with a wildcard covers it.
   */
  markIdle(topic: TopicState, isReachable: boolean, now: Instant): void {
    this.removeIdle(topic);
    // No listener can hold a cursor of an epoch that was never announced, and no group has a position in the topic.
    if (!topic.isAnnounced && !isReachable) {
      this.evict(topic);
      return;
    }
    topic.idleSince = now;
    this.idle.add(topic);
    const own = this.idleByOwner.get(topic.owner) ?? new IdleTopics();
    this.idleByOwner.set(topic.owner, own);
    own.add(topic);
    topic.owner.charge(IDLE_TOPIC_BYTES);
  }

  /** Evicts topics that have been idle for longer than deliveries are retained. @returns whether there may be more. */
  expire(now: Instant, maxCount = Number.POSITIVE_INFINITY): boolean {
    let count = 0;
    for (const topic of this.idle) {
      if (topic.idleSince !== undefined && now - topic.idleSince <= this.limits.retainedMs) return false;
      if (count++ === maxCount) return true;
      this.evict(topic);
    }
    return false;
  }

  /** Evicts an idle topic if a further one of this peer needs its place. @returns whether there is room. */
  private makeRoom(owner: Account): boolean {
    const { maxTopics } = this.limits;
    if (!owner.isAtShare("topics", maxTopics)) {
      return this.byName.size < maxTopics || this.evictOneOf(this.idle);
    }
    if (this.evictOneOf(this.idleByOwner.get(owner))) return true;
    // Idle topics of others take nothing away from a peer that would be within its share without them.
    const share = owner.shareOf(maxTopics, this.byName.size - this.idle.size);
    return owner.count("topics") + 1 <= share && this.evictOneOf(this.idle);
  }

  /** Evicts a topic that has been idle for long and has no retained deliveries. @returns whether one was found. */
  private evictOneOf(idle: IdleTopics | undefined): boolean {
    const topic = idle?.findEvictable();
    if (topic) this.evict(topic);
    return topic !== undefined;
  }

  private evict(topic: TopicState): void {
    const { name, owner } = topic;
    this.removeIdle(topic);
    this.byName.delete(name);
    this.routes.drop(topic);
    if (this.latest === topic) this.latest = undefined;
    owner.release(topicBytes(name));
    owner.remove("topics");
  }

  private removeIdle(topic: TopicState): void {
    if (!this.idle.delete(topic)) return;
    topic.owner.release(IDLE_TOPIC_BYTES);
    const own = this.idleByOwner.get(topic.owner);
    own?.delete(topic);
    if (own?.size === 0) this.idleByOwner.delete(topic.owner);
  }
}
