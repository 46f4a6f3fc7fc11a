import type { ListenerSession } from "../state/listener-session.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { ListenerView, ProducerView } from "../vocabulary/views.js";

/** Describes a producer. */
export function producerView(producer: ProducerSession): ProducerView {
  const { producerId, sessionId, displayName, labels, maxOutstanding, outstandingCount } = producer;
  const { isDraining, answeredCount, failedCount, missedCount, openedAt, peer } = producer;
  return {
    ...{ producerId, sessionId, displayName, labels, maxOutstanding, outstandingCount },
    ...{ isDraining, answeredCount, failedCount, missedCount, openedAt, peer },
    registrations: [...producer.registrations].map(([topic, group]) => ({ topic, group })),
    backlogCount: producer.backlog.size,
    latencyP50Ms: producer.latencyPercentile(0.5),
    latencyP95Ms: producer.latencyPercentile(0.95),
  };
}

/** Describes a listener. */
export function listenerView(listener: ListenerSession): ListenerView {
  const { key, listenerId, sessionId, group, bufferBytes, openedAt, peer } = listener;
  const topics = [...listener.topics].sort();
  return { key, listenerId, sessionId, topics, group, bufferBytes, openedAt, peer };
}
