/**
 * The life of topics: a topic has state from its first use until nobody is on it and nothing of it is retained.
 */
import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { TopicState } from "./topic-state.js";

/** All topics that have state. */
export class Topics {
  private readonly byName = new Map<string, TopicState>();
  /** Topics that nobody is on, the longest idle first. */
  private readonly idle = new Set<TopicState>();
  /** The topic that was found last: a request and a result look for theirs several times. */
  private latest: TopicState | undefined = undefined;
  private epochs = 0;

  /** @param serverId - makes epochs differ from those of every other process. */
  constructor(
    private readonly serverId: string,
    private readonly limits: Pick<Limits, "maxTopics" | "retainedMs">,
  ) {}

  /** How many topics have state. */
  get size(): number {
    return this.byName.size;
  }

  /** How many topics have state although nobody is on them. */
  get idleCount(): number {
    return this.idle.size;
  }

  /** The topics that have state. */
  all(): Iterable<TopicState> {
    return this.byName.values();
  }

  /** The state of a topic, if it has any. */
  find(name: string): TopicState | undefined {
    if (this.latest?.name === name) return this.latest;
    const topic = this.byName.get(name);
    if (topic) this.latest = topic;
    return topic;
  }

  /**
   * The state of a topic, made if there is none; undefined if the limit of topics is reached.
   *
   * @param revision - the present revision of the registrations.
   */
  open(name: string, revision: number): TopicState | undefined {
    const known = this.find(name);
    if (known) return known;
    if (this.byName.size >= this.limits.maxTopics && !this.forgetLongestIdle()) return undefined;
    const topic = new TopicState(name, `${this.serverId}.${(++this.epochs).toString(36)}`, revision);
    this.byName.set(name, topic);
    return topic;
  }

  /** Notes that a topic is in use. */
  retain(topic: TopicState): void {
    if (topic.idleSince === undefined) return;
    topic.idleSince = undefined;
    this.idle.delete(topic);
  }

  /**
   * Notes that a topic is no longer in use.
   *
   * @param isReachable - whether a registration with a wildcard covers it.
   */
  release(topic: TopicState, isReachable: boolean, now: Instant): void {
    this.idle.delete(topic);
    // No cursor can refer to the epoch of a topic that nobody was told of, and no group has a position in it.
    if (!topic.isAnnounced && !isReachable) {
      this.forget(topic);
      return;
    }
    topic.idleSince = now;
    this.idle.add(topic);
  }

  /** Forgets topics that have been idle for as long as deliveries are retained. */
  expire(now: Instant): void {
    for (const topic of this.idle) {
      if (topic.idleSince !== undefined && now - topic.idleSince <= this.limits.retainedMs) break;
      this.forget(topic);
    }
  }

  private forgetLongestIdle(): boolean {
    for (const topic of this.idle) {
      if (topic.log.count > 0) continue;
      this.forget(topic);
      return true;
    }
    return false;
  }

  private forget(topic: TopicState): void {
    this.idle.delete(topic);
    this.byName.delete(topic.name);
    if (this.latest === topic) this.latest = undefined;
  }
}
