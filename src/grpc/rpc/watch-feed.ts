import type { FactTopics } from "../../core/vocabulary/fact.js";
import type { TopicFilter } from "../../core/vocabulary/topic-filter.js";
import type { EventLog } from "./event-log.js";

/** A message to a watcher ends with the event that makes it this long. A watcher that does not read holds one message. */
const MAX_MESSAGE_BYTES = 16 * 1_024;
/** Number of bytes whose encoding costs as much as a visit of an event. */
const BYTES_PER_VISIT = 8;

/** The visits that are left for all watchers in this turn of the event loop. */
export interface Turn {
  visits: number;
}

/** The position of one watcher in the log of events. */
export class WatchFeed {
  private position: number;

  /** Begins behind the newest event. */
  constructor(
    private readonly log: EventLog,
    private readonly filter: TopicFilter,
  ) {
    this.position = log.end;
  }

  /** Whether there are events that it has not looked at. */
  get isBehind(): boolean {
    return this.position < this.log.end;
  }

  /** Skips the events that the log has dropped. @returns their number. */
  skipLost(): number {
    const lost = Math.max(0, this.log.start - this.position);
    this.position += lost;
    return lost;
  }

  /** Takes the next events for the watcher, encoded: as many as fit into a message and into the turn. */
  take(turn: Turn): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    for (; this.isBehind && bytes < MAX_MESSAGE_BYTES && turn.visits > 0; this.position++) {
      turn.visits--;
      const topics = this.log.topicsAt(this.position);
      if (topics === undefined || !this.concerns(topics, turn)) continue;
      const isNew = !this.log.isEncoded(this.position);
      const event = this.log.encodedAt(this.position);
      if (event === undefined) continue;
      if (isNew) turn.visits -= Math.ceil(event.byteLength / BYTES_PER_VISIT);
      taken.push(event);
      bytes += event.byteLength;
    }
    return taken;
  }

  private concerns(topics: FactTopics, turn: Turn): boolean {
    if (this.filter.isAll || topics === "MANY") return true;
    turn.visits -= topics.length;
    return topics.some((topic) => this.filter.overlaps(topic));
  }
}
