/**
 * Requests that wait for the first producer of their topic.
 */
import type { PendingRequest } from "./pending-request.js";
import type { TopicState } from "./topic-state.js";

/** Held requests by topic, the oldest first. */
export class HeldRequests {
  private readonly byTopic = new Map<TopicState, Set<PendingRequest>>();

  /** Whether no request is held. */
  get isEmpty(): boolean {
    return this.byTopic.size === 0;
  }

  /** Holds a request. */
  hold(topic: TopicState, request: PendingRequest): void {
    const held = this.byTopic.get(topic);
    if (held) held.add(request);
    else this.byTopic.set(topic, new Set([request]));
  }

  /** Releases a request; one that is not held is ignored. */
  release(topic: TopicState, request: PendingRequest): void {
    if (this.isEmpty) return;
    const held = this.byTopic.get(topic);
    if (held?.delete(request) && held.size === 0) this.byTopic.delete(topic);
  }

  /** Topics with held requests, each with its requests. The requests at hand may be released while they are read. */
  all(): Iterable<readonly [TopicState, Iterable<PendingRequest>]> {
    return this.byTopic;
  }
}
