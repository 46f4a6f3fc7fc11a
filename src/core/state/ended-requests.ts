/**
 * The requests that ended last, for people: a ring of records, each of which the next request overwrites.
 */
import type { Account } from "../tables/ledger.js";
import type { SerialOrder } from "../tables/serial-order.js";
import { ENDED_SESSION_BYTES } from "./costs.js";
import { EndedRequest } from "./ended-request.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import type { RequestRecord } from "./request-record.js";

/** A request in the order of all requests: a pending one, or the record of an ended one. */
export type ListedRequest = PendingRequest | EndedRequest;

/** Maximum size of all records, in bytes per record: those of requests with a hundred targets. */
const MAX_BYTES_PER_RECORD = 16 * 1_024;

/** The records of ended requests. They are charged to no peer, because a ring has its own bound in number and bytes. */
export class EndedRequests {
  /** Each request is added at constant cost, while look-ups are rare. */
  private readonly ring: EndedRequest[] = [];
  private oldest = 0;
  private count = 0;
  private bytes = 0;

  /**
   * @param maxCount - number of records; 0 for none.
   * @param listed - every pending request is in it. An ended one leaves it when its record is dropped.
   * @param account - is charged for the records.
   */
  constructor(
    private readonly maxCount: number,
    private readonly listed: SerialOrder<ListedRequest>,
    private readonly account: Account,
  ) {}

  /** Adds a request that has ended. Its assignments must be settled. */
  add(request: PendingRequest): void {
    if (this.maxCount === 0) {
      this.listed.remove(request);
      request.dropRecord();
      return;
    }
    const isFull = this.count === this.maxCount;
    const at = isFull ? this.oldest : (this.oldest + this.count) % this.maxCount;
    let record = this.ring[at];
    if (!record) {
      record = new EndedRequest();
      this.ring[at] = record;
    }
    if (isFull) {
      // The oldest record is overwritten.
      this.listed.remove(record);
      this.oldest = at + 1 === this.maxCount ? 0 : at + 1;
      this.count--;
    }
    const before = record.byteLength;
    this.listed.replace(request, record);
    record.put(request);
    this.count++;
    this.resize(record.byteLength - before + record.joinSessions());
    this.shrink();
  }

  /** Notes that a session has ended: from now on, only the records that refer to it keep it. */
  noteDropped(producer: ProducerSession): void {
    if (producer.recordCount === 0) return;
    this.resize(ENDED_SESSION_BYTES);
    this.shrink();
  }

  /** The newest record of a principal's request with this id. Searches linearly, because look-ups are rare. */
  find(requester: string, requestId: string): RequestRecord | undefined {
    for (let i = this.count - 1; i >= 0; i--) {
      const ended = this.at(i);
      if (ended?.requestId === requestId && ended.requester === requester) return ended.record;
    }
    return undefined;
  }

  /** @param isFreed - whether the memory of the record is freed, too. */
  private dropOldest(isFreed = false): void {
    const record = this.ring[this.oldest];
    this.oldest = (this.oldest + 1) % this.maxCount;
    this.count--;
    if (!record) return;
    this.listed.remove(record);
    const before = record.byteLength;
    const sessionBytes = record.leaveSessions();
    record.drop(isFreed);
    this.resize(record.byteLength - before - sessionBytes);
  }

  private shrink(): void {
    while (this.bytes > MAX_BYTES_PER_RECORD * this.maxCount && this.count > 1) this.dropOldest(true);
  }

  private at(position: number): EndedRequest | undefined {
    return this.ring[(this.oldest + position) % this.maxCount];
  }

  private resize(change: number): void {
    this.bytes += change;
    if (change > 0) this.account.charge(change);
    else if (change < 0) this.account.release(-change);
  }
}
