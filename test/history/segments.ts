/**
 * A segment is what one stream received of one topic without interruption: its start, its epoch and its items.
 */
import { covers, isCovered } from "./covers.js";
import type { Facts, Story } from "./facts.js";
import type { Cursor, EventOf, HistoryEvent } from "./history.js";

/** A cursor from the server: no delivery at or below it follows. */
export interface Mark {
  readonly kind: "mark";
  readonly sequence: number;
  readonly by: HistoryEvent;
}

/** An item of a segment. */
export type Item =
  | Mark
  | {
      readonly kind: "delivered";
      readonly sequence: number;
      readonly by: EventOf<"delivered">;
      readonly owed: boolean;
    }
  | { readonly kind: "gap"; readonly from: number; readonly to: number; readonly by: EventOf<"gap"> };

/** A segment of a stream. */
export interface Segment {
  readonly opened: EventOf<"listenerOpened">;
  readonly serverId: string;
  readonly topic: string;
  /** The epoch; undefined if it is unknown. */
  readonly epoch: string | undefined;
  /** The sequence before its start; undefined if only the first delivery shows it. */
  readonly base: number | undefined;
  readonly items: Item[];
  /** Whether the stream was still on the topic when all was quiet. */
  isOpen: boolean;
}

/** Returns all segments of a history. */
export function segmentsOf(facts: Facts): readonly Segment[] {
  return [...facts.streams.values()].flatMap((story) => new Walk(story).walk());
}

/** Builds the segments of one stream. */
class Walk {
  readonly #opened: EventOf<"listenerOpened">;
  readonly #done: Segment[] = [];
  readonly #current = new Map<string, Segment>();
  /** Topics whose next event must be a change of the epoch. */
  readonly #owed = new Set<string>();
  /** Topics of the earlier server that a client library resumes: it hears the new epoch from its beginning. */
  readonly #restarted = new Set<string>();
  readonly #topics: Set<string>;
  #serverId = "";

  constructor(private readonly story: Story) {
    this.#opened = story.first("listenerOpened") as EventOf<"listenerOpened">;
    this.#topics = new Set(this.#opened.topics);
  }

  walk(): readonly Segment[] {
    for (const event of this.story.events) this.#take(event);
    const isLive = this.story.events.findLast(({ kind }) => kind === "ready" || kind === "listenerEnded");
    for (const segment of this.#current.values()) segment.isOpen = isLive?.kind === "ready";
    return [...this.#done];
  }

  #take(event: HistoryEvent): void {
    switch (event.kind) {
      case "ready":
        if (this.#opened.isResumedByClient) this.#clientIsReady(event);
        else this.#isReady(event);
        break;
      case "delivered":
        if (event.sequence > 0) this.#deliver(event);
        break;
      case "gap":
        if (event.from === 0) this.#owed.delete(event.topic);
        else this.#at(event.topic).items.push({ kind: "gap", from: event.from, to: event.to, by: event });
        break;
      case "changing":
        this.#rebase(event.topics);
        break;
      case "topicsChanged":
        this.#change(event);
        break;
      case "heartbeat":
        for (const cursor of event.cursors) this.#mark(cursor, event);
        break;
    }
  }

  #isReady(event: EventOf<"ready">): void {
    this.#serverId = event.serverId;
    for (const { topic, epoch, sequence } of event.cursors) this.#begin(topic, epoch, sequence);
    for (const { topic, epoch } of this.#opened.resumeFrom) {
      const isHeard = isCovered(this.#topics, topic) && this.#opened.group === "";
      if (isHeard && this.#current.get(topic)?.epoch !== epoch) this.#owed.add(topic);
    }
  }

  /** A client library resumes: its segments continue on the same server; on another one all epochs have changed. */
  #clientIsReady({ serverId }: EventOf<"ready">): void {
    if (this.#serverId !== serverId) {
      this.#restarted.clear();
      for (const topic of this.#current.keys()) {
        if (!isCovered(this.#topics, topic)) continue;
        this.#owed.add(topic);
        this.#restarted.add(topic);
      }
      this.#current.clear();
    }
    this.#serverId = serverId;
  }

  #change(event: EventOf<"topicsChanged">): void {
    const before = new Set(this.#topics);
    for (const topic of event.removed) this.#topics.delete(topic);
    for (const topic of event.added) this.#topics.add(topic);
    if (this.#opened.isResumedByClient) {
      this.#rebase([...event.added, ...event.removed]);
      return;
    }
    for (const topic of this.#current.keys())
      if (!isCovered(this.#topics, topic)) this.#current.delete(topic);
    for (const cursor of event.cursors) {
      const goesOn =
        isCovered(before, cursor.topic) && this.#current.get(cursor.topic)?.epoch === cursor.epoch;
      if (goesOn) this.#mark(cursor, event);
      else this.#begin(cursor.topic, cursor.epoch, cursor.sequence);
    }
  }

  /** The start of the new segment is unknown. */
  #rebase(patterns: readonly string[]): void {
    for (const topics of [this.#current, this.#restarted]) {
      for (const topic of topics.keys()) {
        if (patterns.some((pattern) => covers(pattern, topic))) topics.delete(topic);
      }
    }
  }

  #deliver(event: EventOf<"delivered">): void {
    const { topic, sequence } = event;
    const owed = this.#owed.delete(topic);
    this.#at(topic).items.push({ kind: "delivered", sequence, by: event, owed });
  }

  #mark(cursor: Cursor, by: HistoryEvent): void {
    const current = this.#current.get(cursor.topic);
    if (current?.epoch === cursor.epoch) current.items.push({ kind: "mark", sequence: cursor.sequence, by });
    else this.#begin(cursor.topic, cursor.epoch, cursor.sequence);
  }

  #at(topic: string): Segment {
    const base = this.#restarted.has(topic) ? 0 : undefined;
    return this.#current.get(topic) ?? this.#begin(topic, undefined, base);
  }

  #begin(topic: string, epoch: string | undefined, base: number | undefined): Segment {
    const segment: Segment = {
      ...{ opened: this.#opened, serverId: this.#serverId, topic, epoch, base },
      ...{ items: [], isOpen: false },
    };
    this.#done.push(segment);
    this.#current.set(topic, segment);
    return segment;
  }
}
