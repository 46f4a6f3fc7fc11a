/**
 * Deliveries that are retained for listeners that resume. The oldest delivery over all topics is dropped first, so that
 * one limit on bytes and one on age apply to all topics together.
 */
import type { Account } from "../tables/ledger.js";
import type { Deliver } from "../vocabulary/effect.js";
import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { RetainedBlock } from "./retained-block.js";
import type { TopicLog } from "./topic-log.js";

/** Minimum number of empty slots at the front for a compaction; at least half of all slots must be empty as well. */
const MIN_EMPTY_SLOTS = 1_024;
/** Maximum number of blocks kept for reuse. In a steady state, no block is allocated. */
const MAX_SPARE_BLOCKS = 16;

/** The account is charged in steps of this size, in bytes, so that no delivery has to change it. */
const CHARGE_STEP = 64 * 1_024;

/** The retained deliveries of all topics. They are charged to no peer: the log has its own bound. */
export class RetainedLog {
  /** The topic log of each delivery, in arrival order. */
  private logs: (TopicLog | undefined)[] = [];
  private start = 0;
  private bytes = 0;
  private block = new RetainedBlock();
  private readonly spare: RetainedBlock[] = [];

  private chargedBytes = 0;

  /** @param account - is charged for the deliveries. */
  constructor(
    private readonly limits: Pick<Limits, "retainedBytes" | "retainedMs">,
    private readonly account: Account,
  ) {}

  /** Size of the retained deliveries in bytes, estimated. */
  get byteLength(): number {
    return this.bytes;
  }

  /** Number of retained deliveries. */
  get size(): number {
    return this.logs.length - this.start;
  }

  /** Retains a delivery, which must be the newest of all topics. */
  append(log: TopicLog, delivery: Deliver): void {
    if (this.limits.retainedBytes === 0) return;
    if (!this.block.hasRoom(delivery.payload)) this.block = this.nextBlock();
    this.bytes += log.append(this.block, delivery);
    this.logs.push(log);
    while (this.bytes > this.limits.retainedBytes) this.dropOldest();
    if (this.bytes > this.chargedBytes) this.recharge();
  }

  /** Drops deliveries that are too old. @returns whether there may be more. */
  expire(now: Instant, maxCount = Number.POSITIVE_INFINITY): boolean {
    const hasMore = this.dropExpired(now, maxCount);
    if (this.chargedBytes - this.bytes >= CHARGE_STEP) this.recharge();
    if (this.size > 0) return hasMore;
    this.block = new RetainedBlock();
    this.spare.length = 0;
    return false;
  }

  /** @returns whether there may be more. */
  private dropExpired(now: Instant, maxCount: number): boolean {
    let count = 0;
    for (let log = this.logs[this.start]; log; log = this.logs[this.start]) {
      const receivedAt = log.oldestReceivedAt;
      if (receivedAt !== undefined && now - receivedAt <= this.limits.retainedMs) return false;
      if (count++ === maxCount) return true;
      this.dropOldest();
    }
    return false;
  }

  private recharge(): void {
    const before = this.chargedBytes;
    this.chargedBytes = Math.ceil(this.bytes / CHARGE_STEP) * CHARGE_STEP;
    this.account.charge(this.chargedBytes);
    this.account.release(before);
  }

  /** A reusable block, or a new one. */
  private nextBlock(): RetainedBlock {
    // A block whose deliveries are all dropped while it is still being filled is not in `spare`.
    const block = this.block.isReusable ? this.block : this.spare.pop();
    block?.reset();
    return block ?? new RetainedBlock();
  }

  private dropOldest(): void {
    const log = this.logs[this.start];
    const block = log?.oldestBlock;
    if (!log || !block) return;
    this.bytes -= log.dropOldest();
    if (block.isReusable && block !== this.block && this.spare.length < MAX_SPARE_BLOCKS)
      this.spare.push(block);
    this.logs[this.start] = undefined;
    this.start++;
    const shouldCompact = this.start >= MIN_EMPTY_SLOTS && 2 * this.start >= this.logs.length;
    if (this.start < this.logs.length && !shouldCompact) return;
    this.logs = this.logs.slice(this.start);
    this.start = 0;
  }
}
