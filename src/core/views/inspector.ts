import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import { identityOf } from "../vocabulary/identity.js";
import { TopicFilter } from "../vocabulary/topic-filter.js";
import type {
  Inspector,
  ListenerView,
  ProducerView,
  RequestHistory,
  RequestView,
  TopicView,
  Visit,
} from "../vocabulary/views.js";
import { type RequestBound, requestView, timeline } from "./request-view.js";
import { listenerView, producerView } from "./session-views.js";
import { topicView } from "./topic-view.js";

/** Maximum number of registrations of one producer, and of topics of one listener, in lists. */
const MAX_LISTED = 1_000;
/** What a list shows of one request, and what a look-up of one shows. */
const LISTED_REQUEST: RequestBound = { maxTargets: 1_000, maxText: 0 };
const SHOWN_REQUEST: RequestBound = { maxTargets: 2_000, maxText: 256 * 1_024 };

/** Lists the state of the core. */
export class StateInspector implements Inspector {
  constructor(
    private readonly state: State,
    private readonly now: () => number,
  ) {}

  *topics(after: string, pattern: string): Generator<Visit<TopicView>> {
    const filter = new TopicFilter(pattern);
    for (const topic of this.topicsFrom(after, filter)) {
      const key = topic.name;
      if (!key.startsWith(filter.prefix)) return;
      const view = filter.covers(key) ? topicView(this.state, topic) : undefined;
      yield { key, view, cost: 1 + (view ? view.producerCount + view.listenerCount : 0) };
    }
  }

  *producers(after: string, pattern: string): Generator<Visit<ProducerView>> {
    const filter = new TopicFilter(pattern);
    for (const producer of this.state.producers.after(after)) {
      const { isFound, visited } = search(producer.registrations.keys(), filter);
      const view = isFound ? producerView(producer, MAX_LISTED) : undefined;
      yield { key: producer.identity, view, cost: 1 + visited + (view?.registrations.length ?? 0) };
    }
  }

  *listeners(after: string, pattern: string): Generator<Visit<ListenerView>> {
    const filter = new TopicFilter(pattern);
    for (const listener of this.state.listeners.after(after)) {
      const { isFound, visited } = search(listener.topics, filter);
      const view = isFound ? listenerView(listener, MAX_LISTED) : undefined;
      yield { key: listener.identity, view, cost: 1 + visited + (view?.topics.length ?? 0) };
    }
  }

  *requests(before: number, pattern: string, pendingOnly: boolean): Generator<Visit<RequestView>> {
    const filter = new TopicFilter(pattern);
    for (const { record } of this.state.listed.before(before)) {
      const isListed = filter.covers(record.topic) && !(pendingOnly && record.endedAt !== undefined);
      const view = isListed ? requestView(record, this.now(), LISTED_REQUEST) : undefined;
      yield { key: String(record.serial), view, cost: 1 + (view?.summary.outcomes?.length ?? 0) };
    }
  }

  producer(identity: string, maxRegistrations: number): ProducerView | undefined {
    const producer = this.state.producers.get(identity);
    return producer && producerView(producer, maxRegistrations);
  }

  listener(identity: string, maxTopics: number): ListenerView | undefined {
    const listener = this.state.listeners.get(identity);
    return listener && listenerView(listener, maxTopics);
  }

  request(requestId: string, requester = ""): RequestHistory | undefined {
    // No request has such an id, but one of another principal has this identity.
    if (requestId.includes(" ")) return undefined;
    const found =
      this.state.requests.get(identityOf(requester, requestId)) ??
      this.state.remembered.find(requester, requestId);
    if (!found) return undefined;
    return {
      request: requestView(found, this.now(), SHOWN_REQUEST),
      timeline: timeline(found, SHOWN_REQUEST.maxTargets),
    };
  }

  /** The topics after a name, without those that come before all topics of the filter. */
  private topicsFrom(after: string, { isTopic, prefix }: TopicFilter): Iterable<TopicState> {
    const { topics } = this.state;
    if (!isTopic) return topics.after(prefix > after ? prefix : after);
    const topic = topics.find(prefix);
    return topic && prefix > after ? [topic] : [];
  }
}

/** Searches a peer's topics and patterns for one that has a topic in common with a filter. */
function search(
  names: Iterable<string>,
  filter: TopicFilter,
): { readonly isFound: boolean; readonly visited: number } {
  if (filter.isAll) return { isFound: true, visited: 0 };
  let visited = 0;
  for (const name of names) {
    visited++;
    if (filter.overlaps(name)) return { isFound: true, visited };
  }
  return { isFound: false, visited };
}
