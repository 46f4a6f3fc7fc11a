/**
 * Deliveries that are kept for listeners that resume. The order of arrival over all topics decides which delivery is
 * dropped first, so that one bound in bytes and one in age hold for all topics together.
 */
import type { Deliver } from "../vocabulary/effect.js";
import type { Limits } from "../vocabulary/limits.js";
import type { Instant } from "../vocabulary/model.js";
import { RetainedBlock } from "./retained-block.js";
import type { TopicLog } from "./topic-log.js";

/** Emptied places at the front that are worth a copy of the rest, if they are at least half of all. */
const COMPACT_AT = 1_024;
/** Spent blocks that are kept, so that no block is allocated while as many deliveries come as go. */
const MAX_SPARE = 16;

/** The retained deliveries of all topics. */
export class RetainedLog {
  /** The log of each delivery, in the order of arrival. */
  private logs: (TopicLog | undefined)[] = [];
  private start = 0;
  private bytes = 0;
  private block = new RetainedBlock();
  private readonly spare: RetainedBlock[] = [];

  constructor(private readonly limits: Pick<Limits, "retainedBytes" | "retainedMs">) {}

  /** Bytes held, estimated. */
  get byteLength(): number {
    return this.bytes;
  }

  /** How many deliveries are held. */
  get size(): number {
    return this.logs.length - this.start;
  }

  /** Keeps a delivery that is the newest of its topic and of all. */
  append(log: TopicLog, delivery: Deliver): void {
    if (this.limits.retainedBytes === 0) return;
    if (!this.block.hasRoom(delivery.payload)) this.block = this.nextBlock();
    this.bytes += log.append(this.block, delivery);
    this.logs.push(log);
    while (this.bytes > this.limits.retainedBytes) this.dropOldest();
  }

  /** Drops deliveries that are too old. */
  expire(now: Instant): void {
    for (let log = this.logs[this.start]; log; log = this.logs[this.start]) {
      const receivedAt = log.oldestReceivedAt;
      if (receivedAt !== undefined && now - receivedAt <= this.limits.retainedMs) break;
      this.dropOldest();
    }
    if (this.size > 0) return;
    this.block = new RetainedBlock();
    this.spare.length = 0;
  }

  /** A block that was filled and is spent, or a new one. */
  private nextBlock(): RetainedBlock {
    // A block that is spent while it is still being filled is not among the spare ones.
    const block = this.block.isSpent ? this.block : this.spare.pop();
    block?.renew();
    return block ?? new RetainedBlock();
  }

  private dropOldest(): void {
    const log = this.logs[this.start];
    const block = log?.oldestBlock;
    if (!log || !block) return;
    this.bytes -= log.dropOldest();
    if (block.isSpent && block !== this.block && this.spare.length < MAX_SPARE) this.spare.push(block);
    this.logs[this.start] = undefined;
    this.start++;
    const isWorthACopy = this.start >= COMPACT_AT && 2 * this.start >= this.logs.length;
    if (this.start < this.logs.length && !isWorthACopy) return;
    this.logs = this.logs.slice(this.start);
    this.start = 0;
  }
}
