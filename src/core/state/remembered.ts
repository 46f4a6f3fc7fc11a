/**
 * Requests that are remembered: ended ones for look-up, and those with a caller's request_id for idempotency.
 */

import type { SerialOrder } from "../tables/serial-order.js";
import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { EndedRequest } from "./ended-request.js";
import type { PendingRequest } from "./pending-request.js";
import type { RequestRecord } from "./request-record.js";
import type { Work } from "./unfinished-work.js";

/** Number of request_ids that are visited before a pause. */
const VISITED_AT_ONCE = 100;

/** A request in the order of all requests: a pending one, or the record of an ended one. */
export type ListedRequest = PendingRequest | EndedRequest;

interface Remembered {
  readonly request: PendingRequest;
  readonly forgetAt: Instant;
}

/** Requests by their callers' request_ids, and requests that ended recently. */
export class RememberedRequests {
  private readonly byCallerId = new Map<string, Remembered>();
  /** The requests that ended last, in a ring: each request is added at constant cost, while look-ups are rare. */
  private readonly ended: EndedRequest[] = [];
  private endedNext = 0;

  constructor(
    private readonly limits: Pick<Limits, "recentRequests" | "idempotencyMs" | "rememberedRequestIds">,
    /** Every pending request is in it. An ended one leaves it when it is no longer remembered. */
    private readonly listed: SerialOrder<ListedRequest>,
  ) {}

  /** Number of remembered request_ids of callers. */
  get size(): number {
    return this.byCallerId.size;
  }

  /** The request that was last submitted with this request_id, if it is remembered. */
  findByCallerId(requestId: string): PendingRequest | undefined {
    return this.byCallerId.get(requestId)?.request;
  }

  /** A request by its id, if it is remembered. */
  find(requestId: string): RequestRecord | undefined {
    const sent = this.byCallerId.get(requestId)?.request;
    return sent ?? this.ended.find((ended) => ended.requestId === requestId)?.record;
  }

  /** Remembers a request by the request_id that its caller chose. */
  rememberId(request: PendingRequest): void {
    const rememberedMs = Math.max(this.limits.idempotencyMs, 2 * request.acceptance.ttlMs);
    const forgetAt = request.acceptedAt + rememberedMs;
    this.byCallerId.set(request.requestId, { request, forgetAt });
    if (this.byCallerId.size > this.limits.rememberedRequestIds) evictOldest(this.byCallerId);
  }

  /** Remembers a request that ended. */
  rememberEnded(request: PendingRequest): void {
    if (this.limits.recentRequests === 0) {
      this.listed.remove(request);
      return;
    }
    const older = this.ended[this.endedNext];
    if (older) this.listed.remove(older);
    const ended = older ?? new EndedRequest();
    this.ended[this.endedNext] = ended;
    this.listed.replace(request, ended);
    ended.put(request);
    this.endedNext = (this.endedNext + 1) % this.limits.recentRequests;
  }

  /** Forgets request_ids that have expired. They are kept for different times, so all of them are visited. */
  *expire(clock: { readonly now: Instant }): Work {
    let visitedCount = 0;
    for (const [id, remembered] of this.byCallerId) {
      if (remembered.forgetAt < clock.now) this.byCallerId.delete(id);
      if (++visitedCount % VISITED_AT_ONCE === 0) yield VISITED_AT_ONCE;
    }
  }
}

function evictOldest<T>(map: Map<string, T>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
