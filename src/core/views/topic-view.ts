import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import type { TopicView } from "../vocabulary/views.js";

/** Describes a topic. */
export function topicView(state: State, topic: TopicState): TopicView {
  const { producerCount, listenerCount } = state.router.countsOn(topic.name);
  return {
    topic: topic.name,
    producerCount,
    listenerCount,
    pendingCount: topic.pendingCount,
    epoch: topic.epoch,
    sequence: topic.sequence,
    retainedCount: topic.retainedCount,
    retainedBytes: topic.retainedBytes,
  };
}
