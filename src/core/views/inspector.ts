import type { RequestRecord } from "../state/request-record.js";
import type { State } from "../state/state.js";
import { inOrder } from "../tables/in-order.js";
import { covers, overlap } from "../vocabulary/topic.js";
import type {
  Inspector,
  ListenerView,
  ProducerView,
  RequestHistory,
  RequestView,
  TopicView,
} from "../vocabulary/views.js";
import { requestView, timeline } from "./request-view.js";
import { listenerView, producerView } from "./session-views.js";
import { topicView } from "./topic-view.js";

/** Lists the state of the core. */
export class StateInspector implements Inspector {
  constructor(
    private readonly state: State,
    private readonly now: () => number,
  ) {}

  *topics(after: string, pattern: string): Generator<TopicView> {
    const topics = [...this.state.topics.all()].filter(({ name }) => name > after);
    for (const topic of inOrder(topics, (a, b) => compare(a.name, b.name))) {
      if (isCovered(pattern, topic.name)) yield topicView(this.state, topic);
    }
  }

  *producers(after: string, pattern: string): Generator<ProducerView> {
    for (const id of keysAfter(this.state.producers, after)) {
      const producer = this.state.producers.get(id);
      if (producer && isOn(producer.registrations.keys(), pattern)) yield producerView(producer);
    }
  }

  *listeners(after: string, pattern: string): Generator<ListenerView> {
    for (const id of keysAfter(this.state.listeners, after)) {
      const listener = this.state.listeners.get(id);
      if (listener && isOn(listener.topics, pattern)) yield listenerView(listener);
    }
  }

  *requests(before: number, pattern: string, pendingOnly: boolean): Generator<RequestView> {
    const { requests, remembered } = this.state;
    const all: readonly RequestRecord[] = pendingOnly
      ? [...requests.values()]
      : [...requests.values(), ...remembered.recent()];
    const wanted = all.filter(({ serial, topic }) => serial < before && isCovered(pattern, topic));
    for (const request of inOrder(wanted, (a, b) => b.serial - a.serial)) {
      yield requestView(request, this.now());
    }
  }

  request(requestId: string): RequestHistory | undefined {
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

/** Whether one of a peer's topics and patterns has a topic in common with the wanted one. */
function isOn(names: Iterable<string>, wanted: string): boolean {
  if (wanted === "") return true;
  for (const name of names) if (overlap(name, wanted)) return true;
  return false;
}

function isCovered(pattern: string, topic: string): boolean {
  return pattern === "" || covers(pattern, topic);
}
