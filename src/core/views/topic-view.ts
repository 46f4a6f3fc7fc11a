import type { State } from "../state/state.js";
import type { TopicState } from "../state/topic-state.js";
import type { TopicView } from "../vocabulary/views.js";

/** Describes a topic. */
export function topicView(state: State, topic: TopicState): TopicView {
  const { ungrouped, groups, listenerCount } = state.router.routes(topic.name);
  return {
    topic: topic.name,
    producerCount: ungrouped.producers.length + new Set(groups.flatMap(({ members }) => members)).size,
    listenerCount,
    pendingCount: topic.pendingCount,
    epoch: topic.epoch,
    sequence: topic.sequence,
    retainedCount: topic.log.count,
    retainedBytes: topic.log.byteLength,
  };
}
