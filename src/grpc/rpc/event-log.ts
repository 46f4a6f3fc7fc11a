/**
 * The latest events, which all watchers read.
 *
 * The natural way is a queue per watcher. But 10,000 watchers that did not read held 4.2 GiB after 5 minutes, each with
 * copies of the same events. Here each event is kept once and encoded once, when the first watcher takes it, and a
 * watcher is a position in the log. A watcher that falls behind the oldest event has lost those before it.
 */
import type { FactTopics } from "../../core/vocabulary/fact.js";
import type { PeerAccount } from "../../core/vocabulary/held-bytes.js";

/** Maximum number of events in the log. */
export const MAX_EVENTS = 8_192;
/** Maximum size of the events in the log, as far as it is known. At least one event is kept. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/** Memory of an event beside its bytes, in bytes; an estimate. */
const ENTRY_BYTES = 200;

/** An event before it is encoded. */
export interface LogEvent {
  /** The topics that the event is about. MANY: it concerns all watchers. */
  readonly topics: FactTopics;
  /** Whether it is the state of the server, which a later one makes worthless. */
  readonly isState: boolean;
  /** The estimated size, in bytes. */
  readonly byteLength: number;
  /** Encodes the event. Called once, when a watcher takes the event; undefined if there is nothing to tell any more. */
  readonly encode: () => Uint8Array | undefined;
}

/** An event, encoded or not. */
interface Entry {
  readonly topics: FactTopics;
  readonly isState: boolean;
  byteLength: number;
  encode: (() => Uint8Array | undefined) | undefined;
  encoded: Uint8Array | undefined;
}

/** A bounded log of events; positions only grow. */
export class EventLog {
  private readonly ring: (Entry | undefined)[] = [];
  private bytes = 0;
  private first = 0;
  private last = 0;
  private latestState = -1;

  /** @param account - is charged for the events. */
  constructor(private readonly account: PeerAccount) {}

  /** Position of the oldest event. */
  get start(): number {
    return this.first;
  }

  /** Position behind the newest event. */
  get end(): number {
    return this.last;
  }

  /** Size of the events, as far as it is known. */
  get byteLength(): number {
    return this.bytes;
  }

  /** Appends an event, and drops the oldest ones beyond the bounds. */
  append({ topics, isState, byteLength, encode }: LogEvent): void {
    this.ring[this.last % MAX_EVENTS] = { topics, isState, byteLength, encode, encoded: undefined };
    if (isState) this.latestState = this.last;
    this.last++;
    this.count(byteLength);
    this.account.charge(ENTRY_BYTES);
    // The slot of the oldest event is free: at most MAX_EVENTS - 1 events stay behind the new one's slot.
    while (this.last - this.first >= MAX_EVENTS || (this.bytes > MAX_BYTES && this.last - this.first > 1)) {
      this.dropOldest();
    }
  }

  /** Drops all events; positions go on. */
  clear(): void {
    while (this.first < this.last) this.dropOldest();
  }

  /** The topics of the event at a position; undefined if the event is worthless by now. */
  topicsAt(position: number): FactTopics | undefined {
    const entry = this.ring[position % MAX_EVENTS];
    return entry?.isState && position !== this.latestState ? undefined : entry?.topics;
  }

  /** Whether the event at a position is encoded. */
  isEncoded(position: number): boolean {
    return this.ring[position % MAX_EVENTS]?.encode === undefined;
  }

  /** The encoded event at a position; undefined if there is nothing to tell any more. */
  encodedAt(position: number): Uint8Array | undefined {
    const entry = this.ring[position % MAX_EVENTS];
    if (entry?.encode) {
      entry.encoded = entry.encode();
      entry.encode = undefined;
      const byteLength = entry.encoded?.byteLength ?? 0;
      this.count(byteLength - entry.byteLength);
      entry.byteLength = byteLength;
    }
    return entry?.encoded;
  }

  private count(change: number): void {
    this.bytes += change;
    if (change > 0) this.account.charge(change);
    else this.account.release(-change);
  }

  private dropOldest(): void {
    const at = this.first % MAX_EVENTS;
    this.count(-(this.ring[at]?.byteLength ?? 0));
    this.account.release(ENTRY_BYTES);
    this.ring[at] = undefined;
    this.first++;
  }
}
