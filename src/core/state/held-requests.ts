/**
 * Requests that are held until a producer of their topic registers.
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

  /** Topics with their held requests. The current request may be released during the iteration. */
  all(): Iterable<readonly [TopicState, Iterable<PendingRequest>]> {
    return this.byTopic;
  }
}
