import type { ListenerSession } from "../state/listener-session.js";
import type { ProducerSession } from "../state/producer-session.js";
import { groupName } from "../vocabulary/identity.js";
import type { ListenerView, ProducerView } from "../vocabulary/views.js";

/** Describes a producer, with its first registrations only. */
export function producerView(producer: ProducerSession, maxRegistrations: number): ProducerView {
  const { producerId, principal, sessionId, displayName, labels, maxOutstanding, outstandingCount } =
    producer;
  const [latencyP50Ms, latencyP95Ms] = producer.latencyPercentiles();
  const { isDraining, answeredCount, failedCount, missedCount, openedAt, peer } = producer;
  return {
    ...{ producerId, principal, sessionId, displayName, labels, maxOutstanding, outstandingCount },
    ...{ isDraining, answeredCount, failedCount, missedCount, openedAt, peer },
    registrations: first(producer.registrations, maxRegistrations).map(([topic, group]) => ({
      topic,
      group: groupName(group),
    })),
    registrationCount: producer.registrations.size,
    backlogCount: producer.backlog.size,
    latencyP50Ms,
    latencyP95Ms,
  };
}

/** Describes a listener, with its first topics only. */
export function listenerView(listener: ListenerSession, maxTopics: number): ListenerView {
  const { key, listenerId, principal, sessionId, bufferBytes, openedAt, peer } = listener;
  const topics = first(listener.topics, maxTopics).sort();
  const topicCount = listener.topics.size;
  const group = groupName(listener.group);
  return { key, listenerId, principal, sessionId, topics, topicCount, group, bufferBytes, openedAt, peer };
}

/** The first items. The others are not visited: there may be thousands. */
function first<T>(items: Iterable<T>, max: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === max) break;
    taken.push(item);
  }
  return taken;
}
