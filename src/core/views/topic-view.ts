import type { State } from "../state/state.js";
import type { ProducerGroup, TopicState } from "../state/topic-state.js";
import type { TopicView } from "../vocabulary/views.js";

/** Describes a topic. */
export function topicView(state: State, topic: TopicState): TopicView {
  const { ungrouped, groups, hasSharedMembers, listenerCount } = state.router.routes(topic.name);
  return {
    topic: topic.name,
    producerCount: ungrouped.producers.length + (hasSharedMembers ? distinct(groups) : total(groups)),
    listenerCount,
    pendingCount: topic.pendingCount,
    epoch: topic.epoch,
    sequence: topic.sequence,
    retainedCount: topic.log.count,
    retainedBytes: topic.log.byteLength,
  };
}

function total(groups: readonly ProducerGroup[]): number {
  return groups.reduce((sum, { members }) => sum + members.length, 0);
}

/** A producer may be a member of several groups. */
function distinct(groups: readonly ProducerGroup[]): number {
  return new Set(groups.flatMap(({ members }) => members)).size;
}
