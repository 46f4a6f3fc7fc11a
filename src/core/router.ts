/**
 * Who is on which topic: registrations of producers and listeners, and the state of the topics in use.
 */
import type { Limits } from "./limits.js";
import type { ListenerSession } from "./listener-session.js";
import { Audience, type Instant, NO_AUDIENCE } from "./model.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { covers, hasWildcard } from "./topic.js";
import { NO_ROUTES, type ProducerGroup, type Routes, TopicState } from "./topic-state.js";
import { TopicTree } from "./topic-tree.js";

/** All registrations and all topics in use. */
export class Router {
  private readonly producers = new TopicTree<ProducerSession, string>();
  private readonly listeners = new TopicTree<ListenerSession, true>();
  private readonly topics = new Map<string, TopicState>();
  /** Topics nobody is on, the longest idle first. */
  private readonly idle = new Set<TopicState>();
  private epochs = 0;

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
    return this.topics.get(name);
  }

  /** The state of a topic, made if need be; undefined if the limit of topics is reached. */
  open(name: string): TopicState | undefined {
    const known = this.topics.get(name);
    if (known) return known;
    if (this.topics.size >= this.limits.maxTopics && !this.forgetLongestIdle()) return undefined;
    const topic = new TopicState(name, `${this.serverId}.${(++this.epochs).toString(36)}`);
    this.topics.set(name, topic);
    return topic;
  }

  /** Registers a producer. */
  registerProducer(producer: ProducerSession, pattern: string, group: string): void {
    producer.registrations.set(pattern, group);
    this.producers.add(pattern, producer, group);
    this.forgetRoutes(pattern);
  }

  /** Takes a producer's registration back; one that is not there is ignored. */
  deregisterProducer(producer: ProducerSession, pattern: string): void {
    if (!producer.registrations.delete(pattern)) return;
    this.producers.remove(pattern, producer);
    this.forgetRoutes(pattern);
  }

  /** Registers a listener. */
  registerListener(listener: ListenerSession, pattern: string): void {
    listener.topics.add(pattern);
    this.listeners.add(pattern, listener, true);
    this.forgetRoutes(pattern);
  }

  /** Takes a listener's registration back; one that is not there is ignored. */
  deregisterListener(listener: ListenerSession, pattern: string, now: Instant): void {
    if (!listener.topics.delete(pattern)) return;
    this.listeners.remove(pattern, listener);
    this.forgetRoutes(pattern);
    const topic = this.topics.get(pattern);
    if (topic) this.release(topic, now);
  }

  /** Who is on a topic now. */
  routes(name: string): Routes {
    const topic = this.topics.get(name);
    if (!topic) return this.workOut(name);
    topic.routes ??= this.workOut(name);
    return topic.routes;
  }

  /**
   * The member of each listener group that gets the results of a request; all of them, while the group stays the same.
   * Each is an audience of its own, so that every listener hears a topic in one order.
   */
  groupMembers(routes: Routes, request: PendingRequest): readonly Audience[] {
    return routes.listenerGroups.map((group) => group[request.serial % group.length]?.alone ?? NO_AUDIENCE);
  }

  /** Topics with state that a pattern covers. */
  *covered(pattern: string): Generator<TopicState> {
    if (!hasWildcard(pattern)) {
      const topic = this.topics.get(pattern);
      if (topic) yield topic;
      return;
    }
    for (const topic of this.topics.values()) if (covers(pattern, topic.name)) yield topic;
  }

  /** Notes that a topic may be in use no longer. */
  release(topic: TopicState, now: Instant): void {
    if (topic.pendingCount > 0 || this.listeners.hasExact(topic.name)) return;
    topic.idleSince = now;
    this.idle.add(topic);
    // A topic that never numbered anything has nothing a cursor could refer to.
    if (topic.sequence === 0) this.forget(topic);
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
    this.topics.delete(topic.name);
  }

  private forgetRoutes(pattern: string): void {
    for (const topic of this.covered(pattern)) topic.routes = undefined;
  }

  private workOut(name: string): Routes {
    const producers = this.producers.match(name);
    const listeners = this.listeners.match(name);
    if (producers.size === 0 && listeners.size === 0) return NO_ROUTES;
    const singles: ProducerSession[] = [];
    const groups = new Map<string, ProducerSession[]>();
    for (const [producer, group] of producers) addTo(group, producer, singles, groups);
    const everyone: ListenerSession[] = [];
    const listenerGroups = new Map<string, ListenerSession[]>();
    for (const listener of listeners.keys()) addTo(listener.group, listener, everyone, listenerGroups);
    return {
      singles,
      groups: [...groups].map(([group, members]): ProducerGroup => ({ name: group, members, turn: 0 })),
      listenerCount: listeners.size,
      everyone: audienceOf(everyone),
      includeLate: audienceOf([...listeners.keys()].filter((listener) => listener.includeLate)),
      includeSummaries: audienceOf([...listeners.keys()].filter((listener) => listener.includeSummaries)),
      listenerGroups: [...listenerGroups.values()],
    };
  }
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

function audienceOf(listeners: readonly ListenerSession[]): Audience {
  return listeners.length === 0 ? NO_AUDIENCE : new Audience(listeners.map((listener) => listener.key));
}
