/**
 * Looks at what the core holds, without changing it.
 */
import { inOrder } from "./in-order.js";
import type { RequestRecord } from "./request-record.js";
import type { State } from "./state.js";
import { covers } from "./topic.js";
import {
  type ListenerView,
  listenerView,
  type ProducerView,
  producerView,
  type RequestView,
  requestView,
  type TimelineEvent,
  type TopicView,
  timeline,
  topicView,
} from "./view.js";

/**
 * Lists what there is, in an order that stays the same while it lasts, so that a list can be read in pages.
 *
 * Each list is lazy: only what is taken from it is described.
 */
export class Inspector {
  constructor(
    private readonly state: State,
    private readonly now: () => number,
  ) {}

  /** Topics by name, after a name. @param pattern - only those that it covers; "" for all. */
  *topics(after: string, pattern: string): Generator<TopicView> {
    const topics = [...this.state.topics.all()].filter(({ name }) => name > after);
    for (const topic of inOrder(topics, (a, b) => compare(a.name, b.name))) {
      if (isCovered(pattern, topic.name)) yield topicView(this.state, topic);
    }
  }

  /** Producers by id, after an id. @param topic - only those asked on it; "" for all. */
  *producers(after: string, topic: string): Generator<ProducerView> {
    for (const id of keysAfter(this.state.producers, after)) {
      const producer = this.state.producers.get(id);
      if (producer && isOn(producer.registrations.keys(), topic)) yield producerView(producer);
    }
  }

  /** Listeners by id, after an id. @param topic - only those on it; "" for all. */
  *listeners(after: string, topic: string): Generator<ListenerView> {
    for (const id of keysAfter(this.state.listeners, after)) {
      const listener = this.state.listeners.get(id);
      if (listener && isOn(listener.topics, topic)) yield listenerView(listener);
    }
  }

  /** Requests in flight and, unless left out, ended ones: the newest first, those accepted before a serial number. */
  *requests(before: number, topic: string, pendingOnly: boolean): Generator<RequestView> {
    const { requests, remembered } = this.state;
    const all: readonly RequestRecord[] = pendingOnly
      ? [...requests.values()]
      : [...requests.values(), ...remembered.recent()];
    const wanted = all.filter(
      (request) => request.serial < before && (topic === "" || request.topic === topic),
    );
    for (const request of inOrder(wanted, (a, b) => b.serial - a.serial)) {
      yield requestView(request, this.now());
    }
  }

  /** One request and what happened to it, if it is in flight or remembered. */
  request(
    requestId: string,
  ): { readonly request: RequestView; readonly timeline: readonly TimelineEvent[] } | undefined {
    const found = this.state.requests.get(requestId) ?? this.state.remembered.find(requestId);
    return found && { request: requestView(found, this.now()), timeline: timeline(found) };
  }
}

function keysAfter<T>(map: ReadonlyMap<string, T>, after: string): Iterable<string> {
  return inOrder(
    [...map.keys()].filter((key) => key > after),
    compare,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function isOn(patterns: Iterable<string>, topic: string): boolean {
  if (topic === "") return true;
  for (const pattern of patterns) if (covers(pattern, topic)) return true;
  return false;
}

function isCovered(pattern: string, topic: string): boolean {
  return pattern === "" || covers(pattern, topic);
}
