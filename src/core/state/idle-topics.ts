import type { TopicState } from "./topic-state.js";

/** Maximum number of idle topics that are looked at for one that may be evicted, whenever a topic needs its place. */
const MAX_LOOKS = 100;

/** Unused topics, in the order in which they became idle. */
export class IdleTopics {
  private readonly topics = new Set<TopicState>();
  /** Stands before the next idle topic to evict; one for all calls, because a new one would skip removed entries. */
  private next = this.topics.values();

  /** Number of topics. */
  get size(): number {
    return this.topics.size;
  }

  /** The topics, the one that has been idle for longest first. Topics may be deleted during the iteration. */
  [Symbol.iterator](): Iterator<TopicState> {
    return this.topics.values();
  }

  add(topic: TopicState): void {
    this.topics.add(topic);
  }

  /** Deletes a topic. @returns whether it was idle. */
  delete(topic: TopicState): boolean {
    return this.topics.delete(topic);
  }

  /** The next topic without retained deliveries; undefined if the next 100 topics have some. */
  findEvictable(): TopicState | undefined {
    for (let looks = 0; looks < MAX_LOOKS && this.topics.size > 0; ) {
      const { value: topic } = this.next.next();
      if (!topic) {
        this.next = this.topics.values();
        continue;
      }
      looks++;
      if (topic.retainedCount === 0) return topic;
    }
    return undefined;
  }
}
