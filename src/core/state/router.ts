/**
 * Registrations of producers and listeners, and the routes of topics that follow from them.
 */

import type { Account } from "../tables/ledger.js";
import { TopicTree } from "../tables/topic-tree.js";
import type { Instant } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";
import { type Audience, Audiences } from "./audiences.js";
import { registrationBytes } from "./costs.js";
import type { ListenerSession } from "./listener-session.js";
import { groupOf, isEffective, type Registered } from "./lot.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { RecentChanges } from "./recent-changes.js";
import { RouteSearch } from "./route-search.js";
import { NO_ROUTES, type Routes, type TopicState } from "./topic-state.js";
import type { Topics } from "./topics.js";
import type { Work } from "./unfinished-work.js";

const NO_LISTENERS: readonly ListenerSession[] = [];
const NO_STATELESS = { name: "", routes: NO_ROUTES };
/** What a topic without state brings from earlier routes. */
const NO_EARLIER = { routes: undefined, position: 0 };

/** All registrations of producers and listeners. */
export class Router {
  private readonly producers = new TopicTree<ProducerSession, Registered>();
  private readonly listeners = new TopicTree<ListenerSession, Registered>();
  private readonly audiences = new Audiences();
  private readonly search = new RouteSearch(this.producers, this.listeners, this.audiences);
  /** Number of changes to registrations. Routes computed before the latest change of their topic are stale. */
  private revision = 0;
  /** Revision of the latest change that may affect any topic, such as one of a wildcard registration. */
  private anyChangedAt = 0;
  /** Says whether such changes do affect a topic. */
  private readonly recent = new RecentChanges();
  /** The routes that were computed last for a topic without state; a request looks them up several times. */
  private latestStateless = NO_STATELESS;
  /** Whether a registration of a topic with cached routes has changed since stale routes were dropped. */
  private mayHaveStaleRoutes = false;

  constructor(private readonly topics: Topics) {}

  /** Number of topics and patterns with a registration, counted separately for producers and listeners. */
  get registrationCount(): number {
    return this.producers.size + this.listeners.size;
  }

  /** Number of nodes of patterns that were visited in search of the producers and listeners of topics. */
  get visitedCount(): number {
    return this.search.visitedCount;
  }

  /**
   * The state of a topic, created if it has none; undefined if the limit of topics is reached, or the owner's share of it.
   *
   * @param owner - the peer to which a new topic is charged.
   */
  open(name: string, owner: Account): TopicState | undefined {
    return this.topics.open(name, owner, this.revision);
  }

  /**
   * Registers a producer. A change of the group of a registration takes effect at once.
   *
   * @param registered - the group, or a lot that takes effect later.
   */
  registerProducer(producer: ProducerSession, pattern: string, registered: Registered): void {
    const { account, registrations } = producer;
    const topic = this.openNamed(pattern, account);
    const group = groupOf(registered);
    const known = registrations.get(pattern);
    if (known !== group) {
      if (known !== undefined) account.release(registrationBytes(pattern, known));
      account.charge(registrationBytes(pattern, group));
      producer.forgetGroups();
      const earlier =
        known === undefined ? registered : (this.producers.get(pattern, producer) ?? registered);
      const value = isEffective(earlier) ? group : registered;
      const name = this.producers.add(topic?.name ?? pattern, producer, value);
      registrations.set(name, group);
      this.invalidateRoutes(name);
    }
    if (topic) this.topics.markUsed(topic);
  }

  /** Removes a producer's registration; does nothing if it does not exist. */
  deregisterProducer(producer: ProducerSession, pattern: string, now: Instant): void {
    const group = producer.registrations.get(pattern);
    if (group === undefined) return;
    producer.registrations.delete(pattern);
    producer.forgetGroups();
    producer.account.release(registrationBytes(pattern, group));
    this.producers.remove(pattern, producer);
    this.search.forgetProducers();
    if (!producer.hasLeft) this.invalidateRoutes(pattern);
    this.releaseByName(pattern, now);
  }

  /**
   * Adds a listener's registration, or replaces its lot. Neither changes the listener's topics; {@link changeListener}
   * must follow when the registration takes effect or ends.
   *
   * @returns the name as it is held: the listener keeps this text.
   */
  addRegistration(listener: ListenerSession, pattern: string, registered: Registered): string {
    const isNew = this.listeners.get(pattern, listener) === undefined;
    if (isNew) listener.account.charge(registrationBytes(pattern, ""));
    const topic = this.openNamed(pattern, listener.account);
    return this.listeners.add(topic?.name ?? pattern, listener, registered);
  }

  /** Removes a listener's registration, which has ended; does nothing if it does not exist. */
  removeRegistration(listener: ListenerSession, pattern: string, now: Instant): void {
    if (this.listeners.get(pattern, listener) === undefined) return;
    listener.account.release(registrationBytes(pattern, ""));
    this.listeners.remove(pattern, listener);
    this.releaseByName(pattern, now);
  }

  /**
   * Notes that registrations of a listener take effect or end now. The next delivery on these topics and patterns follows
   * every effect emitted before.
   */
  changeListener(listener: ListenerSession, patterns: readonly string[]): void {
    for (const pattern of patterns) this.invalidateRoutes(pattern);
    this.audiences.openLane(listener.ownAudience, this.revision);
  }

  /** Leaves a session out of the routes of all topics, whose registrations are then removed one after the other. */
  hide(session: ProducerSession | ListenerSession): void {
    session.hasLeft = true;
    this.invalidateAll();
  }

  /** Recomputes the routes of each topic when they are next used. */
  invalidateAll(): void {
    this.recent.noteAny(this.revision + 1);
    this.noteAnyChanged();
  }

  /** The current routes of a topic. */
  routes(name: string): Routes {
    const topic = this.topics.find(name);
    if (!topic) return this.statelessRoutes(name);
    const fresh = this.freshRoutes(topic);
    if (fresh) return fresh;
    const routes =
      this.takeStateless(topic) ?? this.compute(name, Math.max(topic.changedAt, this.anyChangedAt), topic);
    this.topics.routes.set(topic, routes);
    topic.routesAt = this.revision;
    return routes;
  }

  /** Whether there may be cached routes that were computed before a registration changed. */
  get hasStaleRoutes(): boolean {
    return this.mayHaveStaleRoutes && this.topics.routes.size > 0;
  }

  /** Drops routes that were computed before a registration changed. Those that get stale meanwhile are dropped later. */
  *dropStaleRoutes(): Work {
    const isNeeded = this.hasStaleRoutes;
    this.mayHaveStaleRoutes = false;
    if (!isNeeded) return;
    for (const topic of this.topics.routes.cached()) {
      const { comparedCount } = this.recent;
      if (!this.freshRoutes(topic)) this.topics.routes.drop(topic);
      yield 1 + this.recent.comparedCount - comparedCount;
    }
  }

  /**
   * Numbers of the producers and listeners on a topic. Computes no routes: the routes of 200,000 listed topics would stay
   * in memory although no request is sent to them.
   */
  countsOn(name: string): { readonly producerCount: number; readonly listenerCount: number } {
    return {
      producerCount: this.search.membershipsOn(name).size,
      listenerCount: this.search.listenersOn(name).size,
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
    const routes = this.freshRoutes(topic);
    if (routes) return routes !== NO_ROUTES;
    return this.producers.hasMatch(topic.name) || this.listeners.hasMatch(topic.name);
  }

  private freshRoutes(topic: TopicState): Routes | undefined {
    const { routes, routesAt } = topic;
    if (!routes || routesAt < topic.changedAt) return undefined;
    if (routesAt >= this.anyChangedAt) return routes;
    if (this.recent.affects(topic.name, routesAt)) return undefined;
    topic.routesAt = this.revision;
    return routes;
  }

  private statelessRoutes(name: string): Routes {
    if (this.latestStateless.name === name) return this.latestStateless.routes;
    const routes = this.compute(name, this.revision, NO_EARLIER);
    this.latestStateless = { name, routes };
    return routes;
  }

  /** The routes that were computed for a topic just before it got state. */
  private takeStateless({ name, position, routes: earlier }: TopicState): Routes | undefined {
    const { latestStateless: latest } = this;
    if (latest.name !== name || position !== 0 || earlier) return undefined;
    this.latestStateless = NO_STATELESS;
    return latest.routes;
  }

  /** Counts a change to registrations. */
  private change(): number {
    this.latestStateless = NO_STATELESS;
    return ++this.revision;
  }

  /** The state of a topic that a registration names; undefined for a pattern, or if the limit of topics is reached. */
  private openNamed(pattern: string, owner: Account): TopicState | undefined {
    return hasWildcard(pattern) ? undefined : this.open(pattern, owner);
  }

  private invalidateRoutes(pattern: string): void {
    if (hasWildcard(pattern)) {
      this.recent.note(pattern, this.revision + 1);
      this.noteAnyChanged();
      return;
    }
    const changedAt = this.change();
    const topic = this.topics.find(pattern);
    if (!topic) return;
    topic.changedAt = changedAt;
    if (topic.routes) this.mayHaveStaleRoutes = true;
  }

  private noteAnyChanged(): void {
    this.anyChangedAt = this.change();
    if (this.topics.routes.size > 0) this.mayHaveStaleRoutes = true;
  }

  private releaseByName(pattern: string, now: Instant): void {
    const topic = this.topics.find(pattern);
    if (topic) this.releaseIfUnused(topic, now);
  }

  private compute(name: string, changedAt: number, earlier: Pick<TopicState, "routes" | "position">): Routes {
    return this.search.compute(name, { changedAt, revision: this.revision }, earlier);
  }
}
