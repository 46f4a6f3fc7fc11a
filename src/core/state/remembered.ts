/**
 * Requests that are remembered: ended ones for look-up, and those with a caller's request_id for idempotency.
 */

import { AgeQueue } from "../tables/age-queue.js";
import { DueBuckets } from "../tables/due-buckets.js";
import type { Account } from "../tables/ledger.js";
import type { SerialOrder } from "../tables/serial-order.js";
import { identityOf } from "../vocabulary/identity.js";
import type { Limits } from "../vocabulary/limits.js";
import { type Instant, MAX_KEPT_FAILURE, type Summary } from "../vocabulary/model.js";
import { ownText } from "../vocabulary/own-text.js";
import { EndedRequests, type ListedRequest } from "./ended-requests.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { RememberedRequest } from "./remembered-request.js";
import type { RequestRecord } from "./request-record.js";
import type { Work } from "./unfinished-work.js";

/** Number of request_ids that are forgotten before a pause. */
const FORGOTTEN_AT_ONCE = 100;

/** The remembered requests of one peer, or of all peers. */
class ByAge extends AgeQueue<RememberedRequest> {
  heldBytes = 0;
}

/** Requests by their callers' request_ids, and requests that ended recently. */
export class RememberedRequests {
  /** Requests whose callers chose the id, by identity. */
  private readonly byCallerId = new Map<string, RememberedRequest>();
  private readonly all = new ByAge();
  private readonly byAccount = new Map<Account, ByAge>();
  /** They are kept for different times. */
  private readonly due = new DueBuckets<RememberedRequest>();
  private readonly ended: EndedRequests;

  /** @param common - the account of what all peers share. */
  constructor(
    private readonly limits: Pick<Limits, "recentRequests" | "idempotencyMs" | "rememberedRequestIds">,
    /** Every pending request is in it. An ended one leaves it when it is no longer remembered. */
    listed: SerialOrder<ListedRequest>,
    common: Account,
  ) {
    this.ended = new EndedRequests(limits.recentRequests, listed, common);
  }

  /** Number of remembered request_ids of callers. */
  get size(): number {
    return this.byCallerId.size;
  }

  /** The request that was last submitted with the request_id of this identity, if it is remembered. */
  findByCallerId(identity: string): RememberedRequest | undefined {
    return this.byCallerId.get(identity);
  }

  /** A request of a principal that has ended, by its id, if it is remembered. */
  find(requester: string, requestId: string): RequestRecord | undefined {
    const remembered = this.byCallerId.get(identityOf(requester, requestId));
    const ended = this.ended.find(requester, requestId);
    // The record of an ended request shows more, but it may be of an earlier request with the same id.
    return ended && ended.serial >= (remembered?.serial ?? 0) ? ended : remembered;
  }

  /**
   * Remembers a request by the request_id that its caller chose. Beyond its share of the ids, a peer's own oldest one is
   * forgotten.
   *
   * @param account - the peer that is charged.
   */
  rememberId(request: PendingRequest, account: Account): void {
    const earlier = this.byCallerId.get(request.identity);
    if (earlier) this.forget(earlier);
    const remembered = new RememberedRequest(request, account, this.limits.idempotencyMs);
    this.byCallerId.set(request.identity, remembered);
    this.due.add(remembered);
    const own = this.byAccount.get(account) ?? new ByAge();
    this.byAccount.set(account, own);
    for (const queue of [this.all, own]) {
      queue.push(remembered);
      queue.heldBytes += remembered.byteLength;
    }
    const { rememberedRequestIds: max } = this.limits;
    // Its share may have become less: two for each one that comes, so that no step forgets many.
    for (let i = 0; i < 2 && own.size > account.shareOf(max, this.byCallerId.size - 1); i++)
      this.forgetOldest(own);
    if (this.byCallerId.size > max) this.forgetOldest(this.all);
  }

  /** Remembers a request that ended: what its caller is told if it repeats the request, and what people look up. */
  rememberEnded(request: PendingRequest, summary: Summary): void {
    if (request.failedCount > 0) cutFailures(request);
    if (request.digest !== "") this.endId(request, summary);
    this.ended.add(request);
  }

  /** Notes that a session has ended. Records of ended requests may still refer to it. */
  noteDropped(producer: ProducerSession): void {
    this.ended.noteDropped(producer);
  }

  /** Forgets the oldest ids of a peer until it may hold further bytes, or the oldest of all, if that helps. */
  makeRoom(account: Account, bytes: number): void {
    const own = this.byAccount.get(account);
    if (own && account.exceeds(bytes, own.heldBytes) === undefined) {
      while (account.exceeds(bytes) !== undefined && this.forgetOldest(own));
    }
    if (account.exceeds(bytes) !== "process") return;
    if (account.exceeds(bytes, this.all.heldBytes, own?.heldBytes ?? 0) !== undefined) return;
    while (account.exceeds(bytes) !== undefined && this.forgetOldest(this.all));
  }

  /** Forgets request_ids that have expired, up to a second after they did. */
  *expire(clock: { readonly now: Instant }): Work {
    let forgottenCount = 0;
    for (let due = this.due.firstDue(clock.now); due; due = this.due.firstDue(clock.now)) {
      this.forget(due);
      if (++forgottenCount % FORGOTTEN_AT_ONCE === 0) yield FORGOTTEN_AT_ONCE;
    }
  }

  private endId(request: PendingRequest, summary: Summary): void {
    const remembered = this.byCallerId.get(request.identity);
    if (remembered?.pending !== request) return;
    const before = remembered.byteLength;
    remembered.end(request, summary);
    const change = remembered.byteLength - before;
    this.all.heldBytes += change;
    const own = this.byAccount.get(remembered.account);
    if (own) own.heldBytes += change;
  }

  private forgetOldest(queue: ByAge): boolean {
    const oldest = queue.oldest();
    if (!oldest) return false;
    this.forget(oldest);
    return true;
  }

  private forget(remembered: RememberedRequest): void {
    const { identity, account, byteLength } = remembered;
    this.byCallerId.delete(identity);
    this.due.remove(remembered);
    const own = this.byAccount.get(account);
    remembered.forget();
    for (const queue of own ? [this.all, own] : [this.all]) {
      queue.noteGone();
      queue.heldBytes -= byteLength;
    }
    if (own?.size === 0) this.byAccount.delete(account);
  }
}

/** Cuts the failures of a request, and keeps nothing of the messages in which they came. */
function cutFailures({ assignments }: PendingRequest): void {
  for (const assignment of assignments) {
    const { failure } = assignment;
    if (!failure) continue;
    assignment.failure = { code: failure.code, message: ownText(failure.message, MAX_KEPT_FAILURE) };
  }
}
