/**
 * Registrations of producers and listeners, and the routes of topics that follow from them.
 */

import { TopicTree } from "../tables/topic-tree.js";
import type { Instant, SessionKey } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";
import { type Audience, Audiences } from "./audiences.js";
import type { ListenerSession } from "./listener-session.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import {
  NO_ROUTES,
  type ProducerGroup,
  type Routes,
  type TopicState,
  type Ungrouped,
  ungroupedOf,
} from "./topic-state.js";
import type { Topics } from "./topics.js";

/** The group of a registration without one. */
const NO_GROUP = "";
const NO_LISTENERS: readonly ListenerSession[] = [];
/** What a topic without state brings from earlier routes. */
const NO_EARLIER = { routes: undefined, position: 0 };

/** All registrations of producers and listeners. */
export class Router {
  private readonly producers = new TopicTree<ProducerSession, string>();
  private readonly listeners = new TopicTree<ListenerSession, true>();
  private readonly audiences = new Audiences();
  /** The ungrouped producers that were computed last; reused, because consecutive topics mostly have the same. */
  private latestUngrouped = ungroupedOf([]);
  /** Number of changes to registrations. Routes computed before the latest change of their topic are stale. */
  private revision = 0;
  /** Revision of the latest change to a wildcard registration, which may affect any topic. */
  private wildcardChangedAt = 0;
  /** Whether a registration of a topic with cached routes has changed since stale routes were dropped. */
  private mayHaveStaleRoutes = false;

  constructor(private readonly topics: Topics) {}

  /** Number of topics and patterns with a registration, counted separately for producers and listeners. */
  get registrationCount(): number {
    return this.producers.size + this.listeners.size;
  }

  /** The state of a topic, created if it has none; undefined if the limit of topics is reached. */
  open(name: string): TopicState | undefined {
    return this.topics.open(name, this.revision);
  }

  /** Registers a producer. */
  registerProducer(producer: ProducerSession, pattern: string, group: string): void {
    const topic = this.openNamed(pattern);
    const name = this.producers.add(topic?.name ?? pattern, producer, group);
    producer.registrations.set(name, group);
    this.invalidateRoutes(name);
    if (topic) this.topics.markUsed(topic);
  }

  /** Removes a producer's registration; does nothing if it does not exist. */
  deregisterProducer(producer: ProducerSession, pattern: string, now: Instant): void {
    if (!producer.registrations.delete(pattern)) return;
    this.producers.remove(pattern, producer);
    this.invalidateRoutes(pattern);
    this.releaseByName(pattern, now);
  }

  /** Registers a listener. */
  registerListener(listener: ListenerSession, pattern: string): void {
    const name = this.listeners.add(this.openNamed(pattern)?.name ?? pattern, listener, true);
    listener.topics.add(name);
    this.invalidateRoutes(name);
    this.audiences.openLane(listener.ownAudience, this.revision);
  }

  /** Removes a listener's registration; does nothing if it does not exist. */
  deregisterListener(listener: ListenerSession, pattern: string, now: Instant): void {
    if (!listener.topics.delete(pattern)) return;
    this.listeners.remove(pattern, listener);
    this.invalidateRoutes(pattern);
    this.audiences.openLane(listener.ownAudience, this.revision);
    this.releaseByName(pattern, now);
  }

  /** Whether a listener's topics cover a topic. */
  covers(listener: ListenerSession, topic: string): boolean {
    return this.listeners.covers(listener, topic);
  }

  /** The current routes of a topic. */
  routes(name: string): Routes {
    const topic = this.topics.find(name);
    if (!topic) return this.compute(name, this.revision, NO_EARLIER);
    const changedAt = this.changedAt(topic);
    if (topic.routes && topic.routesAt >= changedAt) return topic.routes;
    const routes = this.compute(name, changedAt, topic);
    this.topics.routes.set(topic, routes);
    topic.routesAt = this.revision;
    return routes;
  }

  /** Whether there may be cached routes that were computed before a registration changed. */
  get hasStaleRoutes(): boolean {
    return this.mayHaveStaleRoutes && this.topics.routes.size > 0;
  }

  /** Drops routes that were computed before a registration changed. */
  dropStaleRoutes(): void {
    if (this.hasStaleRoutes) this.topics.routes.dropStale(this.wildcardChangedAt);
    this.mayHaveStaleRoutes = false;
  }

  /**
   * Numbers of the producers and listeners on a topic. Computes no routes: the routes of 200,000 listed topics would stay
   * in memory although no request is sent to them.
   */
  countsOn(name: string): { readonly producerCount: number; readonly listenerCount: number } {
    return {
      producerCount: this.producers.match(name).size,
      listenerCount: this.listeners.match(name).size,
    };
  }

  /** The member of each listener group that receives a request's results; constant while the group is unchanged. */
  groupMembers({ listenerGroups }: Routes, request: PendingRequest): readonly ListenerSession[] {
    if (listenerGroups.length === 0) return NO_LISTENERS;
    return listenerGroups.flatMap((group) => group[request.serial % group.length] ?? []);
  }

  /** Ensures that the next delivery to an audience follows an effect just emitted for some of its listeners. */
  openLane(audience: Audience): void {
    this.audiences.openLane(audience, this.revision);
  }

  /** Marks a topic as idle if no request is pending on it and no registration names it. */
  releaseIfUnused(topic: TopicState, now: Instant): void {
    const { name } = topic;
    if (topic.pendingCount > 0 || this.listeners.hasExact(name) || this.producers.hasExact(name)) return;
    this.topics.markIdle(topic, this.isReachable(topic), now);
  }

  /** Whether any registration covers a topic. Does not compute routes: of most topics that end, nobody asks for them. */
  private isReachable(topic: TopicState): boolean {
    const { name, routes, routesAt } = topic;
    if (routes && routesAt >= this.changedAt(topic)) return routes !== NO_ROUTES;
    return this.producers.hasMatch(name) || this.listeners.hasMatch(name);
  }

  /** Revision of the latest change to a registration that may affect a topic. */
  private changedAt(topic: TopicState): number {
    return Math.max(topic.changedAt, this.wildcardChangedAt);
  }

  /** The state of a topic that a registration names; undefined for a pattern, or if the limit of topics is reached. */
  private openNamed(pattern: string): TopicState | undefined {
    return hasWildcard(pattern) ? undefined : this.open(pattern);
  }

  private invalidateRoutes(pattern: string): void {
    this.revision++;
    if (hasWildcard(pattern)) {
      this.wildcardChangedAt = this.revision;
      if (this.topics.routes.size > 0) this.mayHaveStaleRoutes = true;
      return;
    }
    const topic = this.topics.find(pattern);
    if (!topic) return;
    topic.changedAt = this.revision;
    if (topic.routes) this.mayHaveStaleRoutes = true;
  }

  private releaseByName(pattern: string, now: Instant): void {
    const topic = this.topics.find(pattern);
    if (topic) this.releaseIfUnused(topic, now);
  }

  /**
   * Computes the routes of a topic.
   *
   * @param changedAt - revision of the latest change that affects the topic.
   * @param earlier - the previous routes, whose groups keep their positions, and the position of groups without any.
   */
  private compute(
    name: string,
    changedAt: number,
    { routes: earlier = NO_ROUTES, position: first }: Pick<TopicState, "routes" | "position">,
  ): Routes {
    const memberships = this.membershipsOn(name);
    const listeners = this.listeners.match(name);
    if (memberships.size === 0 && listeners.size === 0) return NO_ROUTES;
    const ungrouped: ProducerSession[] = [];
    const groups = new Map<string, ProducerSession[]>();
    let hasSharedMembers = false;
    for (const [producer, membership] of memberships) {
      if (typeof membership === "string") {
        addTo(membership, producer, ungrouped, groups);
      } else if (membership.has(NO_GROUP)) {
        ungrouped.push(producer);
      } else {
        hasSharedMembers = true;
        for (const group of membership) addTo(group, producer, ungrouped, groups);
      }
    }
    const ungroupedListeners: ListenerSession[] = [];
    const listenerGroups = new Map<string, ListenerSession[]>();
    for (const listener of listeners.keys())
      addTo(listener.group, listener, ungroupedListeners, listenerGroups);
    const audienceOf = (members: readonly ListenerSession[]): Audience =>
      this.audiences.of(keysOf(members), changedAt, this.revision);
    const isNamedByAll = this.listeners.countExact(name) === listeners.size;
    return {
      ungrouped: this.sharedUngrouped(ungrouped),
      groups: [...groups].map(([group, members]): ProducerGroup => {
        const before = earlier.groups.find((candidate) => candidate.name === group);
        return {
          name: group,
          members,
          position: before ? positionAmong(members, before) : first % members.length,
        };
      }),
      hasSharedMembers,
      listenerCount: listeners.size,
      audience: audienceOf(ungroupedListeners),
      lateAudience: audienceOf(ungroupedListeners.filter((listener) => listener.includeLate)),
      summaryAudience: audienceOf(ungroupedListeners.filter((listener) => listener.includeSummaries)),
      wildcardListeners: isNamedByAll
        ? NO_LISTENERS
        : ungroupedListeners.filter((listener) => !listener.topics.has(name)),
      listenerGroups: [...listenerGroups.values()],
    };
  }

  /** The producers that cover a topic, each with its group; with its groups if it has registrations of several. */
  private membershipsOn(name: string): ReadonlyMap<ProducerSession, string | ReadonlySet<string>> {
    const found = new Map<ProducerSession, string | Set<string>>();
    this.producers.visit(name, (producer, group) => {
      const known = found.get(producer);
      if (known === undefined) found.set(producer, group);
      else if (typeof known !== "string") known.add(group);
      else if (known !== group) found.set(producer, new Set([known, group]));
    });
    return found;
  }

  private sharedUngrouped(producers: readonly ProducerSession[]): Ungrouped {
    const { producers: latest } = this.latestUngrouped;
    const isSame = producers.length === latest.length && producers.every((one, i) => one === latest[i]);
    if (!isSame) this.latestUngrouped = ungroupedOf(producers);
    return this.latestUngrouped;
  }
}

/** Finds the next member of the earlier rotation that is still present, and returns its current index. */
function positionAmong(members: readonly ProducerSession[], before: ProducerGroup): number {
  for (let i = 0; i < before.members.length; i++) {
    const next = before.members[(before.position + i) % before.members.length];
    const position = next ? members.indexOf(next) : -1;
    if (position >= 0) return position;
  }
  return 0;
}

function addTo<T>(group: string, member: T, ungrouped: T[], groups: Map<string, T[]>): void {
  if (group === NO_GROUP) {
    ungrouped.push(member);
    return;
  }
  const members = groups.get(group);
  if (members) members.push(member);
  else groups.set(group, [member]);
}

function keysOf(listeners: readonly ListenerSession[]): readonly SessionKey[] {
  return listeners.map((listener) => listener.key);
}
