/**
 * Requests that are held until a producer of their topic registers.
 */
import type { PendingRequest } from "./pending-request.js";
import type { TopicState } from "./topic-state.js";

const NO_REQUESTS: readonly PendingRequest[] = [];

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

  /** Topics with held requests, the one held first. Changes during the iteration are seen by it. */
  topics(): Iterable<TopicState> {
    return this.byTopic.keys();
  }

  /** The held requests of a topic, the oldest first. Changes during the iteration are seen by it. */
  requestsOn(topic: TopicState): Iterable<PendingRequest> {
    return this.byTopic.get(topic) ?? NO_REQUESTS;
  }
}
