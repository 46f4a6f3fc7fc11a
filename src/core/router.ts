/**
 * Who is on which topic: registrations of producers and listeners, and the state of the topics in use.
 */
import { type Audience, Audiences } from "./audiences.js";
import type { Limits } from "./limits.js";
import type { ListenerSession } from "./listener-session.js";
import type { Instant, SessionKey } from "./model.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { hasWildcard } from "./topic.js";
import { NO_ROUTES, type ProducerGroup, Routes, Singles, TopicState } from "./topic-state.js";
import { TopicTree } from "./topic-tree.js";

const NOBODY: readonly ListenerSession[] = [];

/** All registrations and all topics in use. */
export class Router {
  private readonly producers = new TopicTree<ProducerSession, string>();
  private readonly listeners = new TopicTree<ListenerSession, true>();
  private readonly topics = new Map<string, TopicState>();
  /** The topic found last: a request and a result ask for theirs several times. */
  private latest: TopicState | undefined = undefined;
  /** Topics on which requests are held for their first producer. */
  readonly held = new Set<TopicState>();
  /** Topics nobody is on, the longest idle first. */
  private readonly idle = new Set<TopicState>();
  private readonly audiences = new Audiences();
  /** Those of the topic that was worked out last: topics that are worked out in a row mostly have the same. */
  private latestSingles = new Singles([]);
  private epochs = 0;
  /** Counts changes of registrations: routes that were computed before the latest change of their topic are stale. */
  private revision = 0;
  /** The latest one of a wildcard registration, which may concern any topic. */
  private wildcardChangedAt = 0;

  /** @param serverId - makes epochs differ from those of every other process. */
  constructor(
    private readonly serverId: string,
    private readonly limits: Limits,
  ) {}

  /** How many topics have state. */
  get topicCount(): number {
    return this.topics.size;
  }

  /** How many topics have state though nobody is on them. */
  get idleCount(): number {
    return this.idle.size;
  }

  /** How many names producers and listeners are registered under. */
  get registrationCount(): number {
    return this.producers.size + this.listeners.size;
  }

  /** The topics that have state. */
  all(): Iterable<TopicState> {
    return this.topics.values();
  }

  /** The state of a topic, if it has any. */
  find(name: string): TopicState | undefined {
    if (this.latest?.name === name) return this.latest;
    const topic = this.topics.get(name);
    if (topic) this.latest = topic;
    return topic;
  }

  /** The state of a topic, made if need be; undefined if the limit of topics is reached. */
  open(name: string): TopicState | undefined {
    const known = this.find(name);
    if (known) return known;
    if (this.topics.size >= this.limits.maxTopics && !this.forgetLongestIdle()) return undefined;
    const topic = new TopicState(name, `${this.serverId}.${(++this.epochs).toString(36)}`);
    topic.changedAt = this.revision;
    this.topics.set(name, topic);
    return topic;
  }

  /** Registers a producer. */
  registerProducer(producer: ProducerSession, pattern: string, group: string): void {
    producer.registrations.set(pattern, group);
    this.producers.add(pattern, producer, group);
    this.forgetRoutes(pattern);
    const topic = hasWildcard(pattern) ? undefined : this.open(pattern);
    if (topic) this.retain(topic);
  }

  /** Takes a producer's registration back; one that is not there is ignored. */
  deregisterProducer(producer: ProducerSession, pattern: string, now: Instant): void {
    if (!producer.registrations.delete(pattern)) return;
    this.producers.remove(pattern, producer);
    this.forgetRoutes(pattern);
    this.releaseNamed(pattern, now);
  }

  /** Registers a listener. */
  registerListener(listener: ListenerSession, pattern: string): void {
    listener.topics.add(pattern);
    this.listeners.add(pattern, listener, true);
    this.forgetRoutes(pattern);
    this.audiences.openLane(listener.alone, this.revision);
  }

  /** Takes a listener's registration back; one that is not there is ignored. */
  deregisterListener(listener: ListenerSession, pattern: string, now: Instant): void {
    if (!listener.topics.delete(pattern)) return;
    this.listeners.remove(pattern, listener);
    this.forgetRoutes(pattern);
    this.audiences.openLane(listener.alone, this.revision);
    this.releaseNamed(pattern, now);
  }

  /** Whether a listener's topics cover a topic. */
  hears(listener: ListenerSession, topic: string): boolean {
    return this.listeners.match(topic).has(listener);
  }

  /** Who is on a topic now. */
  routes(name: string): Routes {
    const topic = this.find(name);
    if (!topic) return this.workOut(name, this.revision);
    const changedAt = Math.max(topic.changedAt, this.wildcardChangedAt);
    if (!topic.routes || topic.routesAt < changedAt) {
      topic.routes = this.workOut(name, changedAt, topic.routes);
      topic.routesAt = this.revision;
    }
    return topic.routes;
  }

  /**
   * The member of each listener group that gets the results of a request; all of them, while the group stays the same.
   */
  groupMembers({ listenerGroups }: Routes, request: PendingRequest): readonly ListenerSession[] {
    if (listenerGroups.length === 0) return NOBODY;
    return listenerGroups.flatMap((group) => group[request.serial % group.length] ?? []);
  }

  /** Makes the next delivery to an audience come after an effect that was just ordered for some of its listeners. */
  openLane(audience: Audience): void {
    this.audiences.openLane(audience, this.revision);
  }

  /** Notes that a topic may be in use no longer. */
  release(topic: TopicState, now: Instant): void {
    const { name } = topic;
    if (topic.pendingCount > 0 || this.listeners.hasExact(name) || this.producers.hasExact(name)) return;
    this.idle.delete(topic);
    // What nobody was told of and nobody is on holds nothing that a cursor or a turn could refer to.
    if (!topic.isTold && this.routes(name) === NO_ROUTES) {
      this.drop(topic);
      return;
    }
    topic.idleSince = now;
    this.idle.add(topic);
  }

  /** Notes that a topic is in use. */
  retain(topic: TopicState): void {
    if (topic.idleSince === undefined) return;
    topic.idleSince = undefined;
    this.idle.delete(topic);
  }

  /** Forgets topics that have been idle for as long as deliveries are retained. @returns whether any is left idle. */
  expire(now: Instant): boolean {
    for (const topic of this.idle) {
      if (topic.idleSince !== undefined && now - topic.idleSince <= this.limits.retainedMs) break;
      this.forget(topic);
    }
    return this.idle.size > 0;
  }

  private forgetLongestIdle(): boolean {
    for (const topic of this.idle) {
      if (topic.logCount > 0) continue;
      this.forget(topic);
      return true;
    }
    return false;
  }

  private forget(topic: TopicState): void {
    this.idle.delete(topic);
    this.drop(topic);
  }

  private drop(topic: TopicState): void {
    this.topics.delete(topic.name);
    if (this.latest === topic) this.latest = undefined;
  }

  private forgetRoutes(pattern: string): void {
    this.revision++;
    if (hasWildcard(pattern)) {
      this.wildcardChangedAt = this.revision;
      return;
    }
    const topic = this.topics.get(pattern);
    if (topic) topic.changedAt = this.revision;
  }

  private releaseNamed(pattern: string, now: Instant): void {
    const topic = this.topics.get(pattern);
    if (topic) this.release(topic, now);
  }

  /**
   * @param changedAt - after how many changes the topic's latest was.
   * @param earlier - whose groups keep their position.
   */
  private workOut(name: string, changedAt: number, earlier: Routes = NO_ROUTES): Routes {
    const producers = this.producers.match(name);
    const listeners = this.listeners.match(name);
    if (producers.size === 0 && listeners.size === 0) return NO_ROUTES;
    const singles: ProducerSession[] = [];
    const groups = new Map<string, ProducerSession[]>();
    for (const [producer, group] of producers) addTo(group, producer, singles, groups);
    const everyone: ListenerSession[] = [];
    const listenerGroups = new Map<string, ListenerSession[]>();
    for (const listener of listeners.keys()) addTo(listener.group, listener, everyone, listenerGroups);
    const late = everyone.filter((listener) => listener.includeLate);
    const summarized = everyone.filter((listener) => listener.includeSummaries);
    const isNamedByAll = this.listeners.countExact(name) === listeners.size;
    return new Routes(
      this.singlesOf(singles),
      [...groups].map(([group, members]): ProducerGroup => {
        const before = earlier.groups.find((candidate) => candidate.name === group);
        return { name: group, members, position: before ? positionAmong(members, before) : 0 };
      }),
      listeners.size,
      this.audiences.of(keysOf(everyone), changedAt, this.revision),
      this.audiences.of(keysOf(late), changedAt, this.revision),
      this.audiences.of(keysOf(summarized), changedAt, this.revision),
      isNamedByAll ? NOBODY : everyone.filter((listener) => !listener.topics.has(name)),
      [...listenerGroups.values()],
    );
  }

  private singlesOf(producers: readonly ProducerSession[]): Singles {
    const { producers: latest } = this.latestSingles;
    const isSame = producers.length === latest.length && producers.every((one, i) => one === latest[i]);
    if (!isSame) this.latestSingles = new Singles(producers);
    return this.latestSingles;
  }
}

/** The position among the present members: that of the next earlier member that is still present. */
function positionAmong(members: readonly ProducerSession[], before: ProducerGroup): number {
  for (let i = 0; i < before.members.length; i++) {
    const next = before.members[(before.position + i) % before.members.length];
    const position = next ? members.indexOf(next) : -1;
    if (position >= 0) return position;
  }
  return 0;
}

function addTo<T>(group: string, member: T, singles: T[], groups: Map<string, T[]>): void {
  if (group === "") {
    singles.push(member);
    return;
  }
  const members = groups.get(group);
  if (members) members.push(member);
  else groups.set(group, [member]);
}

function keysOf(listeners: readonly ListenerSession[]): readonly SessionKey[] {
  return listeners.map((listener) => listener.key);
}
