/**
 * Computes the routes of topics from the registrations that cover them.
 */
import type { TopicTree } from "../tables/topic-tree.js";
import type { SessionKey } from "../vocabulary/model.js";
import type { Audience, Audiences } from "./audiences.js";
import { addTo, groupsOf, NO_GROUP } from "./groups.js";
import type { ListenerSession } from "./listener-session.js";
import { groupOf, isEffective, type Registered } from "./lot.js";
import type { ProducerSession } from "./producer-session.js";
import { NO_ROUTES, type Routes, type TopicState, type Ungrouped, ungroupedOf } from "./topic-state.js";

const NO_UNGROUPED = ungroupedOf([]);

/** Searches the registrations for those of a topic. */
export class RouteSearch {
  /** The ungrouped producers that were computed last; reused, because consecutive topics mostly have the same. */
  private latestUngrouped = NO_UNGROUPED;

  constructor(
    private readonly producers: TopicTree<ProducerSession, Registered>,
    private readonly listeners: TopicTree<ListenerSession, Registered>,
    private readonly audiences: Audiences,
  ) {}

  /** Number of nodes of patterns that were visited, in all searches. */
  get visitedCount(): number {
    return this.producers.visitedCount + this.listeners.visitedCount;
  }

  /** A producer deregisters: what was computed last must not keep a session that has ended. */
  forgetProducers(): void {
    this.latestUngrouped = NO_UNGROUPED;
  }

  /**
   * Computes the routes of a topic.
   *
   * @param revisions - of the latest change that affects the topic, and the current one.
   * @param earlier - the previous routes, whose groups keep their positions, and the position of groups without any.
   */
  compute(
    name: string,
    { changedAt, revision }: { readonly changedAt: number; readonly revision: number },
    { routes: earlier = NO_ROUTES, position: first }: Pick<TopicState, "routes" | "position">,
  ): Routes {
    const memberships = this.membershipsOn(name);
    const listeners = this.listenersOn(name);
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
    for (const listener of listeners) addTo(listener.group, listener, ungroupedListeners, listenerGroups);
    const audienceOf = (members: readonly ListenerSession[]): Audience =>
      this.audiences.of(keysOf(members), changedAt, revision);
    return {
      ungrouped: this.sharedUngrouped(ungrouped),
      groups: groupsOf(groups, earlier, first),
      hasSharedMembers,
      memberCount: memberships.size - ungrouped.length,
      listenerCount: listeners.size,
      audience: audienceOf(ungroupedListeners),
      lateAudience: audienceOf(ungroupedListeners.filter((listener) => listener.includeLate)),
      summaryAudience: audienceOf(ungroupedListeners.filter((listener) => listener.includeSummaries)),
      wildcardListeners: ungroupedListeners.filter((listener) => !listener.topics.has(name)),
      listenerGroups: [...listenerGroups.values()],
    };
  }

  /** The producers that cover a topic, each with its group; with its groups if it has registrations of several. */
  membershipsOn(name: string): ReadonlyMap<ProducerSession, string | ReadonlySet<string>> {
    const found = new Map<ProducerSession, string | Set<string>>();
    this.producers.visit(name, (producer, registered) => {
      if (producer.hasLeft || !isEffective(registered)) return;
      const group = groupOf(registered);
      const known = found.get(producer);
      if (known === undefined) found.set(producer, group);
      else if (typeof known !== "string") known.add(group);
      else if (known !== group) found.set(producer, new Set([known, group]));
    });
    return found;
  }

  /** The listeners that cover a topic, those that name it first. */
  listenersOn(name: string): ReadonlySet<ListenerSession> {
    const found = new Set<ListenerSession>();
    this.listeners.visit(name, (listener, registered) => {
      if (!listener.hasLeft && isEffective(registered)) found.add(listener);
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

function keysOf(listeners: readonly ListenerSession[]): readonly SessionKey[] {
  return listeners.map((listener) => listener.key);
}
