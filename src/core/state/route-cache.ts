/**
 * Routes that were computed for topics, within a bound on their memory.
 *
 * The natural way is to keep the routes of every topic until a registration changes. But they may be as large as the
 * number of producers and listeners: with 1,000 producers and 1,000 listeners on `>`, each a group, 10,000 topics held
 * 212 MB. And the routes of a topic that nobody asks again kept sessions in memory that had ended.
 */

import type { Account } from "../tables/ledger.js";
import { type Audience, NO_AUDIENCE } from "./audiences.js";
import { NO_ROUTES, type Routes, type TopicState, type Ungrouped } from "./topic-state.js";

/** Maximum size of the cached routes of all topics, in 8-byte words: 32 MiB, for about 70,000 topics with few peers. */
const MAX_WORDS = 4 * 1_024 * 1_024;
/** Size of routes without their members, in 8-byte words; measured. */
const WORDS_PER_ROUTES = 56;
/** Size of a group of producers or listeners with its entry, without its members; measured. */
const WORDS_PER_GROUP = 20;
/** Size of an ungrouped producer: its places in the list of producers, its choice and its target. */
const WORDS_PER_UNGROUPED = 15;

/** The account is charged in whole steps of this size, in 8-byte words, so that few routes have to change it. */
const CHARGE_STEP_WORDS = 8 * 1_024;
const CHARGE_STEP_BYTES = 8 * CHARGE_STEP_WORDS;

/** A part of routes that several topics share. */
type Shared = Audience | Ungrouped;

/** The routes of all topics that have been computed and not dropped. */
export class RouteCache {
  /** Words of each topic's own parts, in the order in which the routes were computed. */
  private readonly topics = new Map<TopicState, number>();
  /** Number of topics that use a shared part. */
  private readonly users = new Map<Shared, number>();
  /** Stands before the routes that were computed first; one for all calls, because a new one would skip removed entries. */
  private oldest = this.topics.keys();
  private words = 0;

  private chargedSteps = 0;

  /**
   * @param maxWords - bound on the size; the newest routes are kept in any case.
   * @param account - is charged for the routes; they are charged to no peer, because the cache has its own bound.
   */
  constructor(
    private readonly maxWords = MAX_WORDS,
    private readonly account?: Account,
  ) {}

  /** Number of topics with cached routes. */
  get size(): number {
    return this.topics.size;
  }

  /** Size of the cached routes, in 8-byte words; estimated. */
  get wordCount(): number {
    return this.words;
  }

  /** Caches the routes of a topic, and drops those that were computed first beyond the bound. */
  set(topic: TopicState, routes: Routes): void {
    this.forget(topic);
    topic.routes = routes;
    if (routes === NO_ROUTES) return;
    const words = wordsOf(routes);
    this.topics.set(topic, words);
    this.words += words;
    for (const part of sharedParts(routes)) this.retain(part);
    if (this.words > this.maxWords) this.shrink();
    this.recharge();
  }

  /** Drops the routes of a topic. Its groups go on at the position of the first of them when they are computed again. */
  drop(topic: TopicState): void {
    const [group] = topic.routes?.groups.values() ?? [];
    if (group) topic.position = group.position;
    this.forget(topic);
    topic.routes = undefined;
    this.recharge();
  }

  /** The topics with cached routes, in the order in which the routes were computed. Routes may be dropped meanwhile. */
  cached(): Iterable<TopicState> {
    return this.topics.keys();
  }

  private shrink(): void {
    while (this.words > this.maxWords && this.topics.size > 1) {
      const { value: topic } = this.oldest.next();
      if (topic) this.drop(topic);
      else this.oldest = this.topics.keys();
    }
  }

  private recharge(): void {
    const steps = Math.floor(this.words / CHARGE_STEP_WORDS);
    if (steps === this.chargedSteps) return;
    this.account?.charge(CHARGE_STEP_BYTES * steps);
    this.account?.release(CHARGE_STEP_BYTES * this.chargedSteps);
    this.chargedSteps = steps;
  }

  private forget(topic: TopicState): void {
    const words = this.topics.get(topic);
    if (words === undefined || !topic.routes) return;
    this.topics.delete(topic);
    this.words -= words;
    for (const part of sharedParts(topic.routes)) this.release(part);
  }

  private retain(part: Shared): void {
    const count = this.users.get(part) ?? 0;
    this.users.set(part, count + 1);
    if (count === 0) this.words += sharedWords(part);
  }

  private release(part: Shared): void {
    const count = this.users.get(part) ?? 0;
    if (count > 1) {
      this.users.set(part, count - 1);
      return;
    }
    this.users.delete(part);
    this.words -= sharedWords(part);
  }
}

function sharedParts(routes: Routes): readonly Shared[] {
  const { ungrouped, audience, lateAudience, summaryAudience } = routes;
  const audiences = [audience, lateAudience, summaryAudience].filter((one) => one !== NO_AUDIENCE);
  return ungrouped.producers.length > 0 ? [ungrouped, ...audiences] : audiences;
}

function sharedWords(part: Shared): number {
  return "members" in part ? part.members.length : WORDS_PER_UNGROUPED * part.producers.length;
}

function wordsOf({ groups, listenerGroups, wildcardListeners }: Routes): number {
  let words = WORDS_PER_ROUTES + wildcardListeners.length;
  for (const { members } of groups.values()) words += WORDS_PER_GROUP + members.length;
  for (const members of listenerGroups) words += WORDS_PER_GROUP + members.length;
  return words;
}
