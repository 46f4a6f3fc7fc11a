/**
 * Requests that are looked up after their end, or that may be sent twice.
 */

import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { EndedRequest } from "./ended-request.js";
import type { PendingRequest } from "./pending-request.js";
import type { RequestRecord } from "./request-record.js";

interface Remembered {
  readonly request: PendingRequest;
  readonly forgetAt: Instant;
}

/** Requests by a caller's id, and the ones that ended recently. */
export class RememberedRequests {
  private readonly byCallersId = new Map<string, Remembered>();
  /** Those that ended last, in a ring: noting one costs the same for every request, looking one up is rare. */
  private readonly ended: EndedRequest[] = [];
  private endedNext = 0;

  constructor(
    private readonly limits: Pick<Limits, "recentRequests" | "idempotencyMs" | "rememberedRequestIds">,
  ) {}

  /** How many callers' ids are remembered. */
  get size(): number {
    return this.byCallersId.size;
  }

  /** The request that was last sent with a caller's id, if that is remembered. */
  sentAs(requestId: string): PendingRequest | undefined {
    return this.byCallersId.get(requestId)?.request;
  }

  /** A request that ended, if it is still remembered. */
  find(requestId: string): RequestRecord | undefined {
    const sent = this.byCallersId.get(requestId)?.request;
    return sent ?? this.ended.find((place) => place.requestId === requestId)?.record;
  }

  /** The records of ended requests, in no order. Valid until the next request ends. */
  recent(): readonly RequestRecord[] {
    return this.ended.map((place) => place.record);
  }

  /** Remembers a request by its caller's id. */
  noteSent(request: PendingRequest): void {
    const windowMs = Math.max(this.limits.idempotencyMs, 2 * request.acceptance.ttlMs);
    const forgetAt = request.acceptedAt + windowMs;
    this.byCallersId.set(request.requestId, { request, forgetAt });
    if (this.byCallersId.size > this.limits.rememberedRequestIds) dropOldest(this.byCallersId);
  }

  /** Remembers a request that ended. */
  noteEnd(request: PendingRequest): void {
    if (this.limits.recentRequests === 0) return;
    this.ended[this.endedNext] ??= new EndedRequest();
    this.ended[this.endedNext]?.put(request);
    this.endedNext = (this.endedNext + 1) % this.limits.recentRequests;
  }

  /** Forgets callers' ids whose window is over. */
  expire(now: Instant): void {
    for (const [id, remembered] of this.byCallersId)
      if (remembered.forgetAt < now) this.byCallersId.delete(id);
  }
}

function dropOldest<T>(map: Map<string, T>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
