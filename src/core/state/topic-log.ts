/**
 * The retained deliveries of one topic, oldest first, as references into the blocks that all topics share.
 */
import type { Deliver } from "../vocabulary/effect.js";
import type { Instant } from "../vocabulary/model.js";
import type { RetainedBlock } from "./retained-block.js";

/**
 * Minimum number of empty slots at the front before the log is compacted; at least half of all slots must be empty as
 * well. The minimum is low because there may be many topics, and compaction in place keeps the array from growing.
 */
const MIN_EMPTY_SLOTS = 16;

/** Bounds of one read. */
export interface ReadBound {
  /** Last position to read. */
  readonly upTo: number;
  /** Maximum cost of the deliveries, in bytes; the first delivery is read whatever its cost. */
  readonly maxBytes: number;
}

/** The slots of every log without deliveries, so that it takes no arrays of its own; never changed. */
const NO_BLOCKS: (RetainedBlock | undefined)[] = [];
const NO_INDEXES: number[] = [];

const NO_BOUND: ReadBound = { upTo: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

/** The log of one topic. */
export class TopicLog {
  private blocks = NO_BLOCKS;
  private indexes = NO_INDEXES;
  private start = 0;
  private bytes = 0;

  /** @param topic - name of the topic. */
  constructor(private readonly topic: string) {}

  /** Number of retained deliveries. */
  get count(): number {
    return this.blocks.length - this.start;
  }

  /** Number of slots, used or empty. */
  get slotCount(): number {
    return this.blocks.length;
  }

  /** Cost of the retained deliveries, in bytes; see {@link RetainedBlock.cost}. */
  get byteLength(): number {
    return this.bytes;
  }

  /** The block of the oldest delivery; undefined if nothing is retained. */
  get oldestBlock(): RetainedBlock | undefined {
    return this.blocks[this.start];
  }

  /** When the oldest delivery was received; undefined if nothing is retained. */
  get oldestReceivedAt(): Instant | undefined {
    return this.oldestBlock?.receivedAt(this.oldestIndex);
  }

  /** Appends a delivery to a block, which must have room for it. @returns its cost in bytes. */
  append(block: RetainedBlock, delivery: Deliver): number {
    const index = block.append(delivery);
    const cost = block.cost(index);
    if (this.blocks === NO_BLOCKS) {
      this.blocks = [];
      this.indexes = [];
    }
    this.blocks.push(block);
    this.indexes.push(index);
    this.bytes += cost;
    return cost;
  }

  /** Drops the oldest delivery, which must exist. @returns its cost in bytes. */
  dropOldest(): number {
    const block = this.oldestBlock;
    if (!block) return 0;
    const cost = block.cost(this.oldestIndex);
    block.drop(this.oldestIndex);
    this.bytes -= cost;
    this.blocks[this.start] = undefined;
    this.start++;
    this.compact();
    return cost;
  }

  /** Reads the deliveries above a position, oldest first. */
  after(sequence: number, { upTo, maxBytes }: ReadBound = NO_BOUND): readonly Deliver[] {
    const found: Deliver[] = [];
    const first = this.oldestBlock?.sequence(this.oldestIndex) ?? 0;
    let bytes = 0;
    for (let i = this.start + Math.max(0, sequence + 1 - first); i < this.blocks.length; i++) {
      const block = this.blocks[i];
      const index = this.indexes[i] ?? 0;
      if (!block || block.sequence(index) > upTo) break;
      bytes += block.cost(index);
      if (bytes > maxBytes && found.length > 0) break;
      found.push(block.read(index, this.topic));
    }
    return found;
  }

  private get oldestIndex(): number {
    return this.indexes[this.start] ?? 0;
  }

  private compact(): void {
    const isEmpty = this.start === this.blocks.length;
    const isWorthIt = this.start >= MIN_EMPTY_SLOTS && 2 * this.start >= this.blocks.length;
    if (isEmpty) {
      this.blocks = NO_BLOCKS;
      this.indexes = NO_INDEXES;
    } else if (isWorthIt) {
      this.blocks.splice(0, this.start);
      this.indexes.splice(0, this.start);
    } else return;
    this.start = 0;
  }
}
